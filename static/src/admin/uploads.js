/** Says at once that a file is too large; the server would refuse the whole form. */
export function uploads() {
  const form = document.querySelector("form[data-upload-most]");
  if (!form) return;
  const note = document.getElementById("upload-note");
  const inputs = Array.from(form.querySelectorAll("[data-upload]"));
  const most = Number(form.dataset.uploadMost);
  const together = Number(form.dataset.uploadsMost);
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const files = Array.from(input.files);
      const large = files.find((file) => file.size > most);
      const sum = inputs.flatMap((one) => Array.from(one.files)).reduce((n, file) => n + file.size, 0);
      note.hidden = !large && sum <= together;
      if (note.hidden) return;
      note.textContent = large
        ? `“${large.name}”超过 10 MB，没有选上。请压缩或拆开后再选。`
        : "这次选的附件合计超过 20 MB，刚才这几个没有选上。请先保存草稿，再接着上传。";
      input.value = "";
    });
  }
}
