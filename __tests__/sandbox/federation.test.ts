import { createAccount, grant, type JsonObject } from "../../lib/sandbox";
import { Issuer } from "../support/issuer";
import { call } from "../support/sandbox";
import { KEY, makeKey, PROJECT, useSandbox } from "./support";

const NUMBER = "123456789012";
const GITHUB = new Issuer("https://token.actions.githubusercontent.com");
const OTHER = new Issuer(GITHUB.uri, "other-key");
const ELLIPTIC = new Issuer("https://ec.example.com", "ec", "ec");
const POOLS = `projects/${PROJECT}/locations/global/workloadIdentityPools`;
const POOL = `projects/${NUMBER}/locations/global/workloadIdentityPools/signers`;
const PRINCIPALS = `iam.googleapis.com/${POOL}`;
const PROVIDER = `${POOL}/providers/github`;
const AUDIENCE = `//iam.googleapis.com/${PROVIDER}`;
const CONDITION = "assertion.repository_id == '7' && assertion.ref == 'refs/heads/main'";
const CLAIMS = {
  sub: "repo:my-org/web:ref:refs/heads/main",
  aud: `https:${AUDIENCE}`,
  repository_id: "7",
  ref: "refs/heads/main",
  workflow: "sign.yml",
};
const OIDC: JsonObject = {
  oidc: { issuerUri: GITHUB.uri },
  attributeMapping: {
    "google.subject": "assertion.repository_id + '@' + assertion.ref",
    "attribute.signer": "assertion.repository_id + '@' + assertion.ref + '@' + assertion.workflow",
  },
  attributeCondition: CONDITION,
};

const google = useSandbox({
  seed: { projects: { [PROJECT]: NUMBER }, issuers: { [GITHUB.uri]: GITHUB.jwks, [ELLIPTIC.uri]: ELLIPTIC.jwks } },
});

const must = async (request: string, body?: object): Promise<JsonObject> => {
  const { status, json } = await call(google.sandbox, request, body);
  expect({ request, status, json }).toMatchObject({ status: 200 });
  return json;
};

const create = (provider: JsonObject = OIDC, id = "github") =>
  call(google.sandbox, `POST iam/v1/${POOLS}/signers/providers?workloadIdentityPoolProviderId=${id}`, provider);

async function arrange(provider: JsonObject = OIDC): Promise<void> {
  await must(`POST iam/v1/${POOLS}?workloadIdentityPoolId=signers`, { displayName: "Signers" });
  expect((await create(provider)).status).toBe(200);
}

interface Exchanged {
  readonly status: number;
  readonly json: JsonObject;
}

/** The token endpoint, as a client of OAuth calls it: with a form, and without an account. */
async function exchange(token: string, over: Record<string, string> = {}): Promise<Exchanged> {
  const response = await fetch(`${google.sandbox.url}/sts/v1/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      scope: "https://www.googleapis.com/auth/cloud-platform",
      audience: AUDIENCE,
      subject_token: token,
      ...over,
    }),
  });
  return { status: response.status, json: (await response.json()) as JsonObject };
}

async function signsWith(token: JsonObject[string]): Promise<number> {
  const response = await fetch(`${google.sandbox.url}/cloudkms/v1/${KEY}/cryptoKeyVersions/1:asymmetricSign`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    body: JSON.stringify({ data: "eA==" }),
  });
  return response.status;
}

describe("pools and providers", () => {
  test("are made, read, changed, deleted and had back; names carry the number of the project", async () => {
    await arrange();
    expect(await must(`GET iam/v1/${POOL}`)).toMatchObject({ name: POOL, state: "ACTIVE", displayName: "Signers" });
    expect(await must(`GET iam/v1/${PROVIDER}`)).toEqual({ ...OIDC, name: PROVIDER, state: "ACTIVE" });
    await must(`PATCH iam/v1/${PROVIDER}?updateMask=disabled`, { disabled: true });
    expect(await must(`GET iam/v1/${PROVIDER}`)).toMatchObject({ ...OIDC, disabled: true });
    const operation = await must(`DELETE iam/v1/${PROVIDER}`);
    expect(await must(`GET iam/v1/${operation.name}`)).toMatchObject({ done: true });
    // The name is kept for thirty days.
    expect(await must(`GET iam/v1/${PROVIDER}`)).toMatchObject({ state: "DELETED" });
    expect((await create()).status).toBe(409);
    expect(await must(`GET iam/v1/${POOLS}/signers/providers`)).toEqual({});
    await must(`POST iam/v1/${PROVIDER}:undelete`, {});
    expect(await must(`GET iam/v1/${PROVIDER}`)).toMatchObject({ state: "ACTIVE" });
  });

  const edited = (edit: JsonObject): JsonObject => ({ ...OIDC, ...edit });
  const mapped = (attributeMapping: JsonObject) => edited({ attributeMapping });
  const SUBJECT = { "google.subject": "assertion.sub" };

  test.each<[string, JsonObject, RegExp]>([
    ["no condition", edited({ attributeCondition: undefined }), /must reference one of the provider's claims/],
    [
      "a condition about nothing",
      edited({ attributeCondition: "true" }),
      /must reference one of the provider's claims/,
    ],
    [
      "none for GitLab",
      edited({ oidc: { issuerUri: "https://gitlab.com" }, attributeCondition: "'a' == 'a'" }),
      /must reference one of the provider's claims/,
    ],
    ["a condition that does not parse", edited({ attributeCondition: "assertion.ref ==" }), /is not valid/],
    ["a condition about another name", edited({ attributeCondition: "asertion.ref == 'x'" }), /is not valid/],
    ["an issuer that is not https", edited({ oidc: { issuerUri: "http://issuer" } }), /HTTPS/],
    ["no subject", mapped({ "attribute.a": "assertion.a" }), /google\.subject/],
    ["a mapping of what was mapped", mapped({ ...SUBJECT, "attribute.a": "attribute.a" }), /is not valid/],
    ["an attribute in capitals", mapped({ ...SUBJECT, "attribute.Ref": "assertion.ref" }), /"attribute\.Ref"/],
    ["an attribute of no kind", mapped({ ...SUBJECT, ref: "assertion.ref" }), /"ref"/],
    ["eleven audiences", edited({ oidc: { issuerUri: GITHUB.uri, allowedAudiences: Array(11).fill("a") } }), /10/],
  ])("a provider with %s is refused", async (_, provider, says) => {
    await must(`POST iam/v1/${POOLS}?workloadIdentityPoolId=signers`, {});
    const { status, json } = await create(provider);
    expect(status).toBe(400);
    expect((json.error as JsonObject).message).toMatch(says);
  });

  test("an issuer of one's own needs no condition", async () => {
    await arrange({ oidc: { issuerUri: ELLIPTIC.uri }, attributeMapping: SUBJECT });
    expect((await exchange(ELLIPTIC.token({ sub: "me", aud: AUDIENCE }))).status).toBe(200);
  });

  test.each(["a", "gcp-signers", "Signers", "x".repeat(33)])("the id %s is refused", async (id) => {
    expect((await call(google.sandbox, `POST iam/v1/${POOLS}?workloadIdentityPoolId=${id}`, {})).status).toBe(400);
  });

  test("a provider needs a pool", async () => {
    expect((await create()).status).toBe(404);
  });

  test("what is not spoken is listed", async () => {
    await must(`POST iam/v1/${POOLS}?workloadIdentityPoolId=signers`, {});
    const extracting = mapped({ "google.subject": "assertion.sub.extract('repo:{name}:')" });
    expect((await create(extracting)).status).toBe(501);
    expect((await create({ aws: { accountId: "1" }, attributeMapping: SUBJECT })).status).toBe(501);
    expect(google.sandbox.unknownRoutes).toHaveLength(2);
  });
});

describe("the exchange of a token", () => {
  test("gives a principal that is in the set of its attribute, and in no other", async () => {
    await arrange();
    await makeKey(google.sandbox);
    const { status, json } = await exchange(GITHUB.token(CLAIMS));
    expect(json).toMatchObject({ token_type: "Bearer", expires_in: 3600 });
    expect(status).toBe(200);
    expect(await signsWith(json.access_token)).toBe(403);
    for (const [member, allowed] of [
      [`principalSet://${PRINCIPALS}/attribute.signer/7@refs/heads/main@other.yml`, false],
      [`principalSet://${PRINCIPALS}/attribute.signer/7@refs/heads/main`, false],
      [`principalSet://${PRINCIPALS}/attribute.ref/refs/heads/main`, false],
      [`principalSet://${PRINCIPALS.replace(NUMBER, PROJECT)}/attribute.signer/7@refs/heads/main@sign.yml`, false],
      [`principal://${PRINCIPALS}/subject/7@refs/heads/Main`, false],
      ["allAuthenticatedUsers", false],
      [`principalSet://${PRINCIPALS}/attribute.signer/7@refs/heads/main@sign.yml`, true],
      [`principal://${PRINCIPALS}/subject/7@refs/heads/main`, true],
      [`principalSet://${PRINCIPALS}/*`, true],
      ["allUsers", true],
    ] as const) {
      delete google.sandbox.state.iamPolicies[KEY];
      grant(google.sandbox.state, KEY, "roles/cloudkms.signer", member);
      expect([member, await signsWith(json.access_token)]).toEqual([member, allowed ? 200 : 403]);
    }
  });

  test("keeps tokens of one subject apart by their attributes", async () => {
    await arrange();
    await makeKey(google.sandbox);
    const member = `principalSet://${PRINCIPALS}/attribute.signer/7@refs/heads/main@sign.yml`;
    grant(google.sandbox.state, KEY, "roles/cloudkms.signer", member);
    const [good, evil] = [
      await exchange(GITHUB.token(CLAIMS)),
      await exchange(GITHUB.token({ ...CLAIMS, workflow: "evil.yml" })),
    ];
    expect([await signsWith(good.json.access_token), await signsWith(evil.json.access_token)]).toEqual([200, 403]);
  });

  test("gives what may act as a service account, where that is granted", async () => {
    await arrange();
    createAccount(google.sandbox.state, PROJECT, "signer");
    const account = `projects/${PROJECT}/serviceAccounts/signer@${PROJECT}.iam.gserviceaccount.com`;
    const { json } = await exchange(GITHUB.token(CLAIMS));
    const impersonate = async () =>
      (
        await fetch(`${google.sandbox.url}/iamcredentials/v1/${account.replace(PROJECT, "-")}:generateAccessToken`, {
          method: "POST",
          headers: { Authorization: `Bearer ${json.access_token}` },
          body: "{}",
        })
      ).status;
    expect(await impersonate()).toBe(403);
    const member = `principalSet://${PRINCIPALS}/attribute.signer/7@refs/heads/main@sign.yml`;
    grant(google.sandbox.state, account, "roles/iam.workloadIdentityUser", member);
    expect(await impersonate()).toBe(200);
  });

  const now = Math.floor(Date.now() / 1000);
  const token = (claims: object) => GITHUB.token({ ...CLAIMS, ...claims });
  const REFUSED: [string, () => string, string, RegExp][] = [
    [
      "another branch",
      () => token({ ref: "refs/heads/evil" }),
      "unauthorized_client",
      /rejected by the attribute cond/,
    ],
    ["another repository", () => token({ repository_id: "8" }), "unauthorized_client", /rejected by the attribute/],
    ["a number where text is meant", () => token({ repository_id: 7 }), "invalid_grant", /cannot be got/],
    [
      "a claim that is missing",
      () => token({ workflow: undefined }),
      "invalid_grant",
      /attribute\.signer cannot be got/,
    ],
    ["another issuer", () => token({ iss: "https://evil.example.com" }), "invalid_grant", /issuer in ID Token/],
    ["the key of another issuer", () => OTHER.token(CLAIMS), "invalid_grant", /signature/],
    ["no signature", () => token({}).replace(/[^.]*$/, ""), "invalid_request", /parse/],
    ["the algorithm none", () => GITHUB.token(CLAIMS, { alg: "none" }), "invalid_grant", /signature/],
    ["another algorithm", () => GITHUB.token(CLAIMS, { alg: "HS256" }), "invalid_grant", /signature/],
    ["a changed claim", () => swapped(token({}), { ...CLAIMS, sub: "x" }), "invalid_grant", /signature/],
    ["another audience", () => token({ aud: "https://example.com" }), "invalid_grant", /audience in ID Token/],
    ["a time that is over", () => token({ iat: now - 600, exp: now - 300 }), "invalid_grant", /stale/],
    ["a time that has not come", () => token({ iat: now + 600, exp: now + 900 }), "invalid_grant", /not valid yet/],
    ["no time", () => token({ exp: undefined }), "invalid_grant", /lifetime/],
    ["a long life", () => token({ exp: now + 100_000 }), "invalid_grant", /lifetime/],
    ["what is no token", () => "x.y", "invalid_request", /parse/],
  ];

  /** The token with other claims and its old signature. */
  function swapped(text: string, claims: object): string {
    const [head, , signature] = text.split(".");
    return [head, Buffer.from(JSON.stringify({ iss: GITHUB.uri, ...claims })).toString("base64url"), signature].join(
      ".",
    );
  }

  test.each(REFUSED)("is refused for %s", async (_, make, error, says) => {
    await arrange();
    const { status, json } = await exchange(make());
    expect(json).toMatchObject({ error, error_description: expect.stringMatching(says) });
    expect(status).toBe(400);
    expect(google.sandbox.state.accessTokens).toEqual({});
  });

  test("is refused for a subject of more than 127 bytes", async () => {
    const subject = { "google.subject": "assertion.sub" };
    await arrange({ oidc: { issuerUri: ELLIPTIC.uri }, attributeMapping: subject });
    const long = (length: number) => exchange(ELLIPTIC.token({ aud: AUDIENCE, sub: "s".repeat(length) }));
    expect((await long(127)).status).toBe(200);
    expect((await long(128)).json.error_description).toMatch(/exceeds the 127 bytes limit/);
  });

  test("is refused where the issuer cannot be asked for its keys", async () => {
    await arrange({ ...OIDC, oidc: { issuerUri: "https://unknown.example.com" } });
    const { json } = await exchange(new Issuer("https://unknown.example.com").token(CLAIMS));
    expect(json.error_description).toMatch(/Error connecting/);
  });

  test("takes keys that were uploaded with the provider, and allowed audiences alone", async () => {
    const uploaded = new Issuer("https://private.example.com");
    await arrange({
      ...OIDC,
      oidc: { issuerUri: uploaded.uri, jwksJson: JSON.stringify(uploaded.jwks), allowedAudiences: ["https://aud"] },
    });
    expect((await exchange(uploaded.token({ ...CLAIMS, aud: ["https://aud"] }))).status).toBe(200);
    expect((await exchange(uploaded.token(CLAIMS))).status).toBe(400);
  });

  test.each([
    ["a provider that is not there", { audience: AUDIENCE.replace("github", "gitlab") }, "invalid_target"],
    ["a project by its id", { audience: AUDIENCE.replace(NUMBER, PROJECT) }, "invalid_request"],
    ["another grant", { grant_type: "refresh_token" }, "invalid_request"],
    ["a token of another type", { subject_token_type: "urn:ietf:params:oauth:token-type:saml2" }, "invalid_request"],
  ])("is refused for %s", async (_, over: Record<string, string>, error) => {
    await arrange();
    expect((await exchange(GITHUB.token(CLAIMS), over)).json).toMatchObject({ error });
  });

  test("ends where pool or provider is disabled or deleted; with the pool end the tokens that it gave out", async () => {
    await arrange();
    await makeKey(google.sandbox);
    grant(google.sandbox.state, KEY, "roles/cloudkms.signer", `principalSet://${PRINCIPALS}/*`);
    const before = await exchange(GITHUB.token(CLAIMS));
    await must(`PATCH iam/v1/${PROVIDER}?updateMask=disabled`, { disabled: true });
    expect((await exchange(GITHUB.token(CLAIMS))).json).toMatchObject({ error: "invalid_target" });
    expect(await signsWith(before.json.access_token)).toBe(200);
    await must(`PATCH iam/v1/${PROVIDER}?updateMask=disabled`, {});
    await must(`DELETE iam/v1/${POOL}`);
    expect((await exchange(GITHUB.token(CLAIMS))).json).toMatchObject({ error: "invalid_target" });
    expect(await signsWith(before.json.access_token)).toBe(401);
  });

  test("is recorded without the token", async () => {
    await arrange();
    const subject = GITHUB.token(CLAIMS);
    const { json } = await exchange(subject);
    const shown = JSON.stringify([
      google.sandbox.requests,
      (await call(google.sandbox, "GET sandbox/state")).json,
      (await call(google.sandbox, "GET sandbox/requests")).json,
    ]);
    expect(shown).toContain("sts.token");
    for (const secret of [subject, json.access_token as string]) {
      expect(shown).not.toContain(secret);
    }
  });

  test("can be made to fail", async () => {
    await arrange();
    google.sandbox.faults.add({ match: /^sts\.token$/, fail: 503, times: 1 });
    expect((await exchange(GITHUB.token(CLAIMS))).status).toBe(503);
    expect((await exchange(GITHUB.token(CLAIMS))).status).toBe(200);
  });
});
