/** Crockford's base 32: what people read from paper and type. Most significant bits first. */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** `bytes` (a multiple of 5 long) as characters, 8 for every 5 bytes. */
export function toCrockford(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 5) {
    // Two halves, because five bytes do not fit JavaScript's 32-bit shifts.
    const high = (bytes[i] << 12) | (bytes[i + 1] << 4) | (bytes[i + 2] >> 4);
    const low = ((bytes[i + 2] & 15) << 16) | (bytes[i + 3] << 8) | bytes[i + 4];
    for (const half of [high, low]) {
      for (let shift = 15; shift >= 0; shift -= 5) text += ALPHABET[(half >> shift) & 31];
    }
  }
  return text;
}

/**
 * What a person typed, as characters of the alphabet: upper case, no hyphens or spaces,
 * I and L read as 1, O as 0, full-width letters and digits as plain ones.
 */
export function tidy(text) {
  return text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[\s\-‐-―−·.]/g, "")
    .replace(/[IL]/g, "1")
    .replace(/O/g, "0");
}

/** The bytes of `text` (tidied first) if it is `length` bytes long, else null. */
export function fromCrockford(text, length) {
  const characters = tidy(text);
  if (characters.length !== (length * 8) / 5) return null;
  const bytes = new Uint8Array(length);
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (const character of characters) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    buffer = ((buffer << 5) | value) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 255;
    }
  }
  return bytes;
}

/** The text in groups of four with hyphens, as it stands on paper. */
export function inFours(text) {
  return (text.match(/.{1,4}/g) || []).join("-");
}
