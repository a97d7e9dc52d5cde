/** What a QR code holds with which phones join a Wi-Fi. Nothing here is ever sent anywhere. */

const SPECIAL = /[\\;,":]/g;

/**
 * `WIFI:T:WPA;S:…;P:…;;`: `name`, `password`, `kind` (WPA, WEP, nopass), `hidden`. What would end or
 * split a field is escaped with a backslash.
 */
export function wifiText({ name, password, kind, hidden }) {
  const safe = (text) => text.replace(SPECIAL, "\\$&");
  const secret = kind === "nopass" ? "" : `P:${safe(password)};`;
  return `WIFI:T:${kind};S:${safe(name)};${secret}${hidden ? "H:true;" : ""};`;
}

/** What is wrong with what was typed, in words; null where a code can be made of it. */
export function wifiTrouble({ name, password, kind }) {
  if (!name) return "请填写 Wi-Fi 名称。";
  if (new TextEncoder().encode(name).length > 32) return "Wi-Fi 名称太长（最多 32 个字节，一个汉字占 3 个）。";
  if (kind === "nopass") return null;
  if (!password) return "请填写 Wi-Fi 密码；没有密码的，在“加密”里选“没有密码”。";
  if (kind === "WPA" && password.length < 8) return "这种加密的密码至少 8 位，请再核对。";
  return null;
}

/** The same for the address of another page of this system: after the `#`, which no server gets. */
export function wifiFragment(wifi) {
  return `#wifi=${encodeURIComponent(JSON.stringify(wifi))}`;
}

/** What `wifiFragment` wrote, or null. */
export function wifiOfFragment(fragment) {
  try {
    const written = /^#wifi=(.+)$/.exec(fragment);
    return checked(JSON.parse(decodeURIComponent(written[1])));
  } catch (error) {
    return null;
  }
}

function checked({ name, password, kind, hidden }) {
  const wifi = { name: String(name), password: String(password), kind, hidden: Boolean(hidden) };
  return ["WPA", "WEP", "nopass"].includes(kind) && !wifiTrouble(wifi) ? wifi : null;
}
