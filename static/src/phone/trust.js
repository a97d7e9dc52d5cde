/** Whether the keys that the server shows are those whose digest stands on the voter's paper. */

import { fromBase64url } from "../protocol/bytes.js";
import { keysMatch } from "../protocol/credential.js";

/** `slip` with its `digest`, `meeting` with its groups; keys that cannot be read are not trusted. */
export function trusts(slip, meeting) {
  try {
    const groups = meeting.groups.map((group) => ({
      code: group.code,
      publicKey: fromBase64url(group.public_key),
    }));
    return keysMatch(groups, fromBase64url(slip.digest));
  } catch (error) {
    return false;
  }
}
