// For `npm run coverage`: tests that need a program or a folder that not everybody has find neither. What is measured has
// to come from tests that run everywhere.
process.env.PATH = "";
delete process.env.BINAUTHZ_REFERENCE;
