import type { Check } from "../types";
import { a001 } from "./a001";
import { a002 } from "./a002";
import { a003 } from "./a003";
import { a004 } from "./a004";
import { a005 } from "./a005";
import { a006 } from "./a006";
import { a007 } from "./a007";
import { a008 } from "./a008";
import { a009 } from "./a009";
import { a010 } from "./a010";
import { a011 } from "./a011";
import { a012 } from "./a012";
import { c001 } from "./c001";
import { c002 } from "./c002";
import { c003 } from "./c003";
import { c004 } from "./c004";
import { c005 } from "./c005";
import { c006 } from "./c006";
import { c007 } from "./c007";
import { c008 } from "./c008";
import { c009 } from "./c009";
import { c010 } from "./c010";
import { c011 } from "./c011";
import { c012 } from "./c012";
import { d001 } from "./d001";
import { d002 } from "./d002";
import { g001 } from "./g001";
import { i001 } from "./i001";
import { i002 } from "./i002";
import { i003 } from "./i003";
import { i004 } from "./i004";
import { i005 } from "./i005";
import { i006 } from "./i006";
import { i007 } from "./i007";
import { i008 } from "./i008";
import { i009 } from "./i009";
import { i010 } from "./i010";
import { i011 } from "./i011";
import { i012 } from "./i012";
import { i013 } from "./i013";
import { k001 } from "./k001";
import { k002 } from "./k002";
import { k003 } from "./k003";
import { k004 } from "./k004";
import { k005 } from "./k005";
import { k006 } from "./k006";
import { l001 } from "./l001";
import { m001 } from "./m001";
import { m002 } from "./m002";
import { m003 } from "./m003";
import { m004 } from "./m004";
import { m005 } from "./m005";
import { m006 } from "./m006";
import { m007 } from "./m007";
import { m008 } from "./m008";
import { p001 } from "./p001";
import { p002 } from "./p002";
import { p003 } from "./p003";
import { p004 } from "./p004";
import { p005 } from "./p005";
import { p006 } from "./p006";
import { p007 } from "./p007";
import { p008 } from "./p008";
import { p009 } from "./p009";
import { p010 } from "./p010";
import { p011 } from "./p011";
import { p012 } from "./p012";
import { p013 } from "./p013";
import { p014 } from "./p014";
import { p015 } from "./p015";
import { p016 } from "./p016";
import { p017 } from "./p017";
import { p018 } from "./p018";
import { p019 } from "./p019";
import { p020 } from "./p020";
import { p021 } from "./p021";
import { p022 } from "./p022";
import { p023 } from "./p023";
import { p024 } from "./p024";
import { w001 } from "./w001";
import { w002 } from "./w002";
import { w003 } from "./w003";

/** Every check of the catalogue, by id. */
export const CHECKS: readonly Check[] = [
  p001,
  p002,
  p003,
  p004,
  p005,
  p006,
  p007,
  p008,
  p009,
  p010,
  p011,
  p012,
  p013,
  p014,
  p015,
  p016,
  p017,
  p018,
  p019,
  p020,
  p021,
  p022,
  p023,
  p024,
  a001,
  a002,
  a003,
  a004,
  a005,
  a006,
  a007,
  a008,
  a009,
  a010,
  a011,
  a012,
  k001,
  k002,
  k003,
  k004,
  k005,
  k006,
  i001,
  i002,
  i003,
  i004,
  i005,
  i006,
  i007,
  i008,
  i009,
  i010,
  i011,
  i012,
  i013,
  c001,
  c002,
  c003,
  c004,
  c005,
  c006,
  c007,
  c008,
  c009,
  c010,
  c011,
  c012,
  w001,
  w002,
  w003,
  l001,
  m001,
  m002,
  m003,
  m004,
  m005,
  m006,
  m007,
  m008,
  d001,
  d002,
  g001,
];
