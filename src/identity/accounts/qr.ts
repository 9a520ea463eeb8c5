/** The squares of a QR code, dark ones as `1`, one text for each row, with the light margin that readers need. */
export async function qrRows(text: string): Promise<readonly string[]> {
  const { encodeQR } = await import('qr');
  return encodeQR(text, 'raw', { ecc: 'low', border: 4 }).map((row) => row.map((dark) => (dark ? '1' : '0')).join(''));
}
