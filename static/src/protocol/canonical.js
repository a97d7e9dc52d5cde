/**
 * Canonical JSON: no spaces, characters unescaped where JSON allows, keys sorted. The same text
 * as Python's `json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)`
 * for the values of the protocol: texts, whole numbers, booleans, null, lists, objects whose keys
 * are ASCII.
 */
export function canonicalJson(value) {
  if (Array.isArray(value)) return "[" + value.map(canonicalJson).join(",") + "]";
  if (value !== null && typeof value === "object") {
    const members = Object.keys(value)
      .sort()
      .map((key) => JSON.stringify(key) + ":" + canonicalJson(value[key]));
    return "{" + members.join(",") + "}";
  }
  return JSON.stringify(value);
}
