import { generateKeyPairSync, sign } from "node:crypto";
import type { JsonObject } from "../../lib/sandbox";

/** An issuer of tokens as GitHub or GitLab is one: a key made for the test, and what it signs. */
export class Issuer {
  private readonly keys: ReturnType<typeof Issuer.pair>;

  constructor(
    readonly uri: string,
    private readonly kid = "test-key",
    private readonly kind: "rsa" | "ec" = "rsa",
  ) {
    this.keys = Issuer.pair(kind);
  }

  private static pair(kind: "rsa" | "ec") {
    return kind === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : generateKeyPairSync("ec", { namedCurve: "P-256" });
  }

  /** What the issuer answers for its public keys. */
  get jwks(): JsonObject {
    return { keys: [{ ...this.keys.publicKey.export({ format: "jwk" }), kid: this.kid, use: "sig" } as JsonObject] };
  }

  /** A token that is good for five minutes, with claims on top of and in place of the usual ones. */
  token(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const algorithm = this.kind === "rsa" ? "RS256" : "ES256";
    const text = [
      encoded({ typ: "JWT", alg: algorithm, kid: this.kid, ...header }),
      encoded({ iss: this.uri, iat: now - 5, exp: now + 300, ...claims }),
    ].join(".");
    const signature = sign("sha256", Buffer.from(text), { key: this.keys.privateKey, dsaEncoding: "ieee-p1363" });
    return `${text}.${signature.toString("base64url")}`;
  }
}
