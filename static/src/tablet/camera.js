/** The device's camera as a reader of slips. Nothing that it sees is kept or sent. */

const EVERY_MS = 150;
/** Longer than this a QR code that fills half the picture is not sharper, only slower to read. */
const SIDE_MOST = 720;

/** Why there is no camera here: `insecure`, `none`; null where it may be tried. */
export function cameraMissing() {
  if (!window.isSecureContext) return "insecure";
  return navigator.mediaDevices && navigator.mediaDevices.getUserMedia ? null : "none";
}

/**
 * Shows the camera in `video` and calls `onText(text)` for what is read until `stop()`, which the
 * promise resolves to. `decoder`: address of the script for browsers that cannot read codes.
 * Rejects where there is no camera, where it was not allowed, or where the script does not come.
 */
export async function readCodes({ video, decoder, onText }) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
  });
  let running = true;
  const stop = () => {
    running = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
  try {
    const read = (await nativeReader()) || (await ownReader(decoder));
    video.srcObject = stream;
    await video.play();
    const look = async () => {
      if (!running) return;
      let text = null;
      try {
        if (video.videoWidth) text = await read(video);
      } catch (error) {
        // A picture that cannot be read; the next may be.
      }
      if (running && text) onText(text);
      if (running) setTimeout(look, EVERY_MS);
    };
    look();
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}

/** The browser's own reader, or null. */
async function nativeReader() {
  try {
    const formats = await window.BarcodeDetector.getSupportedFormats();
    if (!formats.includes("qr_code")) return null;
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => {
      const [found] = await detector.detect(video);
      return found ? found.rawValue : null;
    };
  } catch (error) {
    return null;
  }
}

async function ownReader(address) {
  if (!window.mingceDecode) await loadScript(address);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return (video) => {
    const scale = Math.min(1, SIDE_MOST / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    return window.mingceDecode(context.getImageData(0, 0, canvas.width, canvas.height));
  };
}

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.onload = resolve;
    script.onerror = () => {
      script.remove();
      reject(new Error("no decoder"));
    };
    script.src = address;
    document.head.appendChild(script);
  });
}
