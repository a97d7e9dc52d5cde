/** The 大字 button: three sizes of type (20, 25, 30 px), remembered on this phone. */

const KEY = "mingce.size";
const NAMES = ["标准", "大", "最大"];

/** Applies the remembered size and lets the button `#size` step through the sizes. */
export function startSize() {
  let size = remembered();
  const control = document.getElementById("size");
  const apply = () => {
    document.documentElement.setAttribute("data-size", String(size));
    control.setAttribute("aria-label", `大字：现在是${NAMES[size]}字号，按一下换一种`);
  };
  control.addEventListener("click", () => {
    size = (size + 1) % NAMES.length;
    try {
      localStorage.setItem(KEY, String(size));
    } catch (error) {
      // The size is a comfort: the page works without remembering it.
    }
    apply();
    document.getElementById("status").textContent = `已换成${NAMES[size]}字号`;
  });
  control.hidden = false;
  apply();
}

function remembered() {
  try {
    const size = Number(localStorage.getItem(KEY));
    return size === 1 || size === 2 ? size : 0;
  } catch (error) {
    return 0;
  }
}
