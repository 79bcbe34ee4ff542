// Loaded into every measured process, on both sides alike: reports what the process used when it ends.
const { writeSync } = require("node:fs");

// CDKTF captures a whole stack trace for each nested attribute object: over half of the time at a thousand clusters, the
// more the deeper the caller stands.
let traces = 0;
let frames = 0;
if (process.env.BENCH_COUNT_TRACES === "1") {
  const capture = Error.captureStackTrace;
  Error.captureStackTrace = (object, below) => {
    capture(object, below);
    traces++;
    frames += String(object.stack).split("\n").length - 1;
  };
}

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const providerFiles = Object.keys(require.cache).filter((file) => file.includes("provider-google")).length;
  writeSync(
    3,
    JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1000, rss: maxRSS / 1024, traces, frames, providerFiles }),
  );
});
