// The references of a new job: dropped, pasted, chosen, or named.

import { upload } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { button, notice } from "./parts.js";

const TYPES = ["image/png", "image/jpeg", "image/webp"];

export class References {
  constructor(changed, signal) {
    this.changed = changed;
    this.items = [];
    this.most = 14;
    this.list = h("ul", { className: "references", "aria-label": "References" });
    this.word = h("div");
    this.file = h("input", { type: "file", accept: TYPES.join(","), multiple: true, id: "reference-files" });
    this.link = h("input",
      {
        type: "text",
        placeholder: "https://…, upload:…, job:…/0",
        spellcheck: false,
        "aria-label": "Address of a reference",
      },
    );
    this.note = h("small");
    this.element = h("fieldset", { className: "drop", "data-pointer": "/images" },
      h("legend", {}, "References"),
      h("label", { htmlFor: "reference-files" },
        "Drop or paste images here, or choose files",
      ), this.file, this.note, this.list, this.word,
      h("div", { className: "row" }, this.link, button("Add", () => this.addLink())));
    this.listen(signal);
    this.draw();
  }

  listen(signal) {
    this.file.addEventListener("change", () => {
      this.take([...this.file.files]);
      this.file.value = "";
    });
    this.link.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.addLink();
    });
    this.element.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.element.classList.add("over");
    });
    this.element.addEventListener("dragleave", () => this.element.classList.remove("over"));
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.element.classList.remove("over");
      this.take([...event.dataTransfer.files]);
    });
    document.addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files];
      if (files.length) event.preventDefault();
      this.take(files);
    }, { signal });
    signal.addEventListener("abort", () => this.items.forEach(forget));
  }

  get names() {
    return this.items.map((item) => item.name);
  }

  allow(most) {
    this.most = most;
    this.draw();
  }

  add(name, picture = null) {
    if (this.items.length >= this.most) return this.refuse(`At most ${this.most} references go into one job.`);
    this.items.push({ name, picture });
    this.draw();
    this.changed();
  }

  addLink() {
    const name = this.link.value.trim();
    if (!name) return;
    this.link.value = "";
    this.add(name);
  }

  async take(files) {
    fill(this.word);
    for (const file of files) {
      if (!TYPES.includes(file.type)) {
        this.refuse(`${file.name || "This"} is no PNG, JPEG or WebP.`);
        continue;
      }
      this.note.textContent = `Uploading ${file.name || "the image"} …`;
      try {
        this.add(await upload(file), URL.createObjectURL(file));
        announce(`${file.name || "The image"} is uploaded.`);
      } catch (problem) {
        fill(this.word, notice(problem));
      }
      this.draw();
    }
  }

  refuse(text) {
    fill(this.word, h("p", { className: "fault", role: "alert" }, text));
  }

  draw() {
    this.note.textContent = `${this.items.length} of ${this.most}. PNG, JPEG or WebP, up to 30 MB each.`;
    fill(this.list, this.items.map((item, index) => {
      const away = button("Remove", () => this.remove(index), "quiet");
      away.setAttribute("aria-label", `Remove reference ${index + 1}`);
      return h("li", {},
        item.picture ? h("img",
          { src: item.picture, alt: `Reference ${index + 1}` },
        ) : h("code", {}, item.name),
        away,
      );
    }));
  }

  remove(index) {
    forget(...this.items.splice(index, 1));
    this.draw();
    this.link.focus();
    this.changed();
  }
}

function forget(item) {
  if (item.picture) URL.revokeObjectURL(item.picture);
}
