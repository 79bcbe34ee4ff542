import type { Check } from "../types";
import { p007 } from "./p007";

/** Every check of the catalogue, by id. */
export const CHECKS: readonly Check[] = [p007];
