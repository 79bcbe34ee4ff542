/** Text that Terraform is to take literally: `${` and `%{` would start a template. */
export function escapeTemplate(text: string): string {
  return text.replace(/([$%])\{/g, (_, sign: string) => `${sign}${sign}{`);
}
