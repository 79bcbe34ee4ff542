import "cdktf";

// What loading the library costs a program that has loaded cdktf already and uses no construct yet.

const before = process.hrtime.bigint();
require("../lib");
process.stdout.write(`${Number(process.hrtime.bigint() - before) / 1e6}`);
