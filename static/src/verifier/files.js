/** Ways to hand a saved file to a page: the phone's or computer's own dialog, dragging, pasting. */

import { h } from "../phone/dom.js";
import { _ } from "../words/words.js";

/** A control that opens the file dialog; `onFiles` gets [{name, bytes}, …], all of them read. */
export function fileControl(label, kind, onFiles, onTrouble) {
  const input = h("input", {
    type: "file",
    class: "files__input",
    multiple: true,
    onchange: () => {
      readFiles(input.files).then(onFiles, onTrouble);
      // The same file chosen again is a file chosen.
      input.value = "";
    },
  });
  return h("label", { class: `weui-btn weui-btn_${kind} files` }, label, input);
}

/** Takes files that are dropped anywhere on the page, and files or texts that are pasted. */
export function takeFiles(onFiles, onTrouble) {
  const take = (list) => readFiles(list).then(onFiles, onTrouble);
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer && event.dataTransfer.files.length) take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (!event.clipboardData || /^(INPUT|TEXTAREA)$/.test(event.target.nodeName)) return;
    const text = event.clipboardData.getData("text");
    if (event.clipboardData.files.length) take(event.clipboardData.files);
    else if (text.trim()) onFiles([{ name: String(_("粘贴的内容")), bytes: new TextEncoder().encode(text) }]);
  });
}

/** The contents of a FileList: [{name, bytes}, …]; rejected where one cannot be read. */
function readFiles(list) {
  return Promise.all(Array.from(list, readFile));
}

// FileReader, because Blob.arrayBuffer came only with Chrome 76 and Safari 14.
function readFile(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ name: file.name, bytes: new Uint8Array(reader.result) });
    reader.onerror = () => reject(new Error(file.name));
    reader.readAsArrayBuffer(file);
  });
}
