import { App } from "cdktf";
import { chain } from "./chain";
import { settings } from "./settings";

// What `cdktf synth` runs: it writes Terraform JSON into cdktf.out.
const app = new App();
chain(app, settings);
app.synth();
