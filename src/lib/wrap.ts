/** Columns of the widest line that reports for people have. */
export const WIDTH = 100;

/** Breaks a text at spaces; later lines are indented to where the first began, or by `indent`. */
export function wrap(text: string, prefix: string, indent = ' '.repeat(prefix.length)): string[] {
  const lines: string[] = [];
  let line = prefix;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
