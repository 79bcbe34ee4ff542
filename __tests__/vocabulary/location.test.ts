import { parseKmsLocation, parseRegionOrZone } from "../../lib/vocabulary/location";

describe("regions and zones", () => {
  test.each([
    ["us-central1", "region", true],
    ["europe-west12", "region", true],
    ["northamerica-northeast2", "region", true],
    ["me-west1", "region", true],
    ["africa-south1", "region", true],
    ["us-central1-a", "zone", true],
    ["europe-west1-d", "zone", true],
    // New regions get new numbers: not known, but possible.
    ["us-central9", "region", false],
    ["asia-northwest1-b", "zone", false],
  ])("%s is a %s", (location, kind, known) => {
    expect(parseRegionOrZone(location)).toEqual({ kind, known });
  });

  test.each([
    "",
    "global",
    "us",
    "us-centrall",
    "us-central",
    "us-centarl1",
    "uscentral1",
    "us_central1",
    "US-CENTRAL1",
    "us-central1-A",
    "us-central1-aa",
    "us-central1-",
    "us-central1.a",
    "us-central0",
    "us-central100",
    " us-central1",
    "mars-central1",
  ])("%j is neither", (location) => {
    expect(parseRegionOrZone(location)).toBeUndefined();
  });
});

describe("locations of Cloud KMS", () => {
  test.each([
    ["global", "multi-region"],
    ["us", "multi-region"],
    ["eu", "multi-region"],
    ["europe", "multi-region"],
    ["asia1", "multi-region"],
    ["eur4", "multi-region"],
    ["nam6", "multi-region"],
    ["nam-eur-asia1", "multi-region"],
    ["europe-west3", "region"],
  ])("%s is a %s", (location, kind) => {
    expect(parseKmsLocation(location)?.kind).toBe(kind);
  });

  test.each(["", "us-central1-a", "Global", "earth", "eur", "nam-eur-asia", "us-centrall"])(
    "%j is none",
    (location) => {
      expect(parseKmsLocation(location)).toBeUndefined();
    },
  );
});
