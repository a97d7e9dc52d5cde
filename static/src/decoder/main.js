// Reads QR codes where the browser cannot: a file of its own, fetched only by who needs it.
import { decodeQR } from "qr/decode.js";

/** The text of the QR code in an ImageData; null where there is none. */
window.mingceDecode = (image) => {
  try {
    return decodeQR(image);
  } catch (error) {
    return null;
  }
};
