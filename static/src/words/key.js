/**
 * A short name for a sentence, under which its translations stand in a bundle: the Chinese is in the
 * code already, and a phone need not fetch it twice. The build sees to it that no two are alike.
 */
export function keyOf(sentence) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < sentence.length; at++) {
    hash = Math.imul(hash ^ sentence.charCodeAt(at), 0x01000193);
  }
  return ((hash >>> 0) % 36 ** 5).toString(36);
}
