// Import this module first: the cryptographic libraries call these at load time, and web views
// of Chrome 67 to 92 lack them.
/* eslint-disable no-extend-native */

if (typeof globalThis === "undefined") window.globalThis = window;

if (!Object.hasOwn) {
  Object.defineProperty(Object, "hasOwn", {
    value: (object, key) => Object.prototype.hasOwnProperty.call(Object(object), key),
    configurable: true,
    writable: true,
  });
}

if (!Object.fromEntries) {
  Object.defineProperty(Object, "fromEntries", {
    value: (entries) => {
      const object = {};
      for (const [key, value] of entries) object[key] = value;
      return object;
    },
    configurable: true,
    writable: true,
  });
}
