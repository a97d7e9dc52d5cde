/** Bytes and the texts that stand for them. Every binary value of the API is base64url, unpadded. */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** UTF-8 bytes of `text`. */
export function utf8(text) {
  return new TextEncoder().encode(text);
}

/** All arguments (Uint8Array) one after another. */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Whether two byte arrays hold the same bytes. */
export function sameBytes(one, other) {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let i = 0; i < one.length; i++) difference |= one[i] ^ other[i];
  return difference === 0;
}

/** `bytes` as base64url without padding. */
export function toBase64url(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = (bytes[i] << 16) | ((bytes[i + 1] || 0) << 8) | (bytes[i + 2] || 0);
    text += DIGITS[group >> 18] + DIGITS[(group >> 12) & 63];
    if (left > 1) text += DIGITS[(group >> 6) & 63];
    if (left > 2) text += DIGITS[group & 63];
  }
  return text;
}

/** The bytes of an unpadded base64url text; throws RangeError on anything else. */
export function fromBase64url(text) {
  if (typeof text !== "string" || text.length % 4 === 1) throw new RangeError("not base64url");
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (const character of text) {
    const value = DIGITS.indexOf(character);
    if (value < 0) throw new RangeError("not base64url");
    buffer = ((buffer << 6) | value) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 255;
    }
  }
  if (buffer & ((1 << bits) - 1)) throw new RangeError("not base64url");
  return bytes;
}

/** `bytes` as lower-case hexadecimal digits. */
export function toHex(bytes) {
  return Array.from(bytes, (byte) => (byte < 16 ? "0" : "") + byte.toString(16)).join("");
}

/** `length` bytes from the system's random number generator. */
export function randomBytes(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}
