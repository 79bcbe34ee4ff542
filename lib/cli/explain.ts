import { Command } from "commander";
import { createColors } from "picocolors";
import { type ExplainedText, type Explanation, explainText, MAX_EXPLAINED_CHARACTERS } from "../admission/explain";
import { collect } from "./collect";
import { markdown, markdownCode, printable, safeJson } from "./escape";
import { emit, type Medium, parseFormats } from "./formats";
import { helpText } from "./help-text";
import type { ExitCode, Io } from "./io";
import { stdinText } from "./stdin";
import { UsageError } from "./usage-error";

const FORMATS = ["text", "json", "markdown"] as const;

const HELP = `
Give the whole message, with what its tool printed around it; put it in quotes, or hand it over on the standard input:

  kubectl apply -f pod.yaml 2>&1 | binauthz explain -

Exit codes: 0 every denial and error in the text is explained; 1 no message, or called wrongly; 3 something in the text is
not known to this version. What is not known is never guessed.`;

/** `binauthz explain`: what does this denial mean, and what mends it? */
export function explainCommand(io: Io, done: (code: ExitCode) => void): Command {
  return new Command("explain")
    .summary("what does this denial mean, and what mends it?")
    .description("Says what a denial or an error of Binary Authorization and its neighbours means, and what mends it.")
    .argument("<message...>", "the message as it was printed; - reads it from the standard input")
    .option(
      "--format <format>",
      "text, json or markdown; FORMAT=PATH writes a file (repeatable; default: text)",
      collect,
    )
    .addHelpText("after", helpText(HELP, io))
    .action((words: readonly string[], { format = ["text"] }: { readonly format?: readonly string[] }) => {
      const destinations = parseFormats(format, FORMATS);
      const text = words.length === 1 && words[0] === "-" ? stdinText(io) : words.join(" ");
      if (text.trim() === "") {
        throw new UsageError("the message is empty; allowed: a message as it was printed, or - for the standard input");
      }
      if (text.length > MAX_EXPLAINED_CHARACTERS) {
        throw new UsageError(
          `the text has ${text.length} characters; allowed: at most ${MAX_EXPLAINED_CHARACTERS}: give the message alone`,
        );
      }
      const explained = explainText(text);
      emit(io, destinations, (wanted, medium) => render(wanted, explained, medium));
      done(isComplete(explained) ? 0 : 3);
    });
}

function isComplete({ explanations, unexplained }: ExplainedText): boolean {
  return explanations.length > 0 && unexplained.length === 0;
}

function render(format: (typeof FORMATS)[number], explained: ExplainedText, medium: Medium): string {
  switch (format) {
    case "text":
      return asText(explained, medium);
    case "markdown":
      return asMarkdown(explained);
    case "json":
      return asJson(explained);
  }
}

function asJson(explained: ExplainedText): string {
  const result = isComplete(explained) ? "pass" : "undecided";
  return `${safeJson({ schemaVersion: 1, result, ...explained })}\n`;
}

/** What is not explained, as sentences with code in backticks. */
function remarks({ explanations, more, unexplained, near }: ExplainedText): string[] {
  const sentences: string[] = [];
  if (explanations.length === 0) {
    sentences.push(
      "This message is not known to this version of binauthz, so it is not explained. Where it was cut, hand over all that was printed. What is known is listed in docs/explain.md.",
    );
  }
  if (more > 0) {
    sentences.push(`The text has ${more} more known messages, which are left out; give a part of it.`);
  }
  if (unexplained.length > 0) {
    sentences.push(
      `${unexplained.length === 1 ? "One denial or error" : `${unexplained.length} denials or errors`} in the text ${
        unexplained.length === 1 ? "is" : "are"
      } not known: ${unexplained
        .slice(0, 5)
        .map((text) => `\`${text}\``)
        .join(", ")}${unexplained.length > 5 ? ", …" : ""}`,
    );
  }
  if (near.length > 0) {
    sentences.push(
      `Known messages that share words with it, and may be about something else: ${near
        .map(({ id, title }) => `\`${id}\` (${title})`)
        .join(", ")}`,
    );
  }
  return sentences;
}

const WORDINGS: Readonly<Record<Explanation["certainty"], string>> = {
  logged: "seen in logs",
  official: "documented",
  tool: "printed by the tool",
  own: "written by this library",
  inferred: "inferred, seen nowhere",
};

function wording({ certainty, source }: Explanation): string {
  return `${WORDINGS[certainty]} (${source})`;
}

const INDENT = "  ";

function asText(explained: ExplainedText, { color, columns }: Medium): string {
  const paint = createColors(color);
  const width = Math.max(40, columns ?? 120);
  const plain = (text: string) => printable(text.replace(/`/g, ""));
  const paragraph = (text: string, first = INDENT, rest = first) => wrapped(plain(text), first, rest, width);
  const said = new Set<string>();
  const blocks = explained.explanations.map((explanation) => {
    const { mend } = explanation;
    const commands = explanation.look.filter(({ command }) => !said.has(command));
    // Two images that are denied for one reason: what to do is read once.
    const again = said.has(mend.join());
    for (const text of [mend.join(), ...commands.map(({ command }) => command)]) {
      said.add(text);
    }
    const lines = [
      paint.bold(plain(`${explanation.title} [${explanation.id}]`)),
      paint.dim(paragraph(explanation.message, `${INDENT}> `)),
      "",
      paragraph([explanation.meaning, ...explanation.context].join(" ")),
      "",
      ...(again
        ? [paragraph(`What to do: the same as for [${explanation.id}] above.`)]
        : [
            `${INDENT}${paint.bold("What to do")}`,
            ...mend.map((step, index) => paragraph(step, `${INDENT}${index + 1}. `, `${INDENT}   `)),
          ]),
    ];
    if (commands.length > 0) {
      lines.push("", `${INDENT}${paint.bold("Commands")}`);
      for (const { shows, command } of commands) {
        lines.push(paragraph(`# ${shows}`), `${INDENT}${printable(command)}`);
      }
    }
    if (!again) {
      lines.push("", paragraph(`More: ${explanation.see.join(", ")}`));
    }
    lines.push(paragraph(`Wording: ${wording(explanation)}`));
    return lines.join("\n");
  });
  return `${[...blocks, ...remarks(explained).map((sentence) => paragraph(sentence, ""))].join("\n\n")}\n`;
}

/** A text in lines of a width; a word that is longer stands alone. */
function wrapped(text: string, first: string, rest: string, width: number): string {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = rest;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line].join("\n");
}

function asMarkdown(explained: ExplainedText): string {
  const blocks = explained.explanations.flatMap((explanation) => [
    `### ${markdown(explanation.title)}`,
    `> ${markdownCode(explanation.message)}`,
    [explanation.meaning, ...explanation.context].map(marked).join(" "),
    explanation.mend.map((step, index) => `${index + 1}. ${marked(step)}`).join("\n"),
    ...explanation.look.map(({ shows, command }) => `${markdown(shows)}:\n\n\`\`\`sh\n${printable(command)}\n\`\`\``),
    `${markdownCode(explanation.id)}; wording: ${markdown(wording(explanation))}; see ${explanation.see.map(markdown).join(", ")}`,
  ]);
  return `${[...blocks, ...remarks(explained).map(marked)].join("\n\n")}\n`;
}

/** A sentence of the table for Markdown: what is in backticks becomes code. */
function marked(sentence: string): string {
  return sentence
    .split("`")
    .map((part, index) => (index % 2 === 0 ? part && markdown(part) : markdownCode(part)))
    .join("");
}
