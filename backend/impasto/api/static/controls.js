// The panel: sliders and choices, all made from /v1/parameters, so that no default or range is written here.

const SLIDERS = { strength: ["the photo", "the painting"], detail: ["broad strokes", "fine strokes"] };
const SEGMENTS = ["keep_colours", "method"];
const WORDS = { off: "Off", luminance: "Exactly", match: "Palette" };
const ELSEWHERE = ["style", "style_weights"];

const title = (name) => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ").replace(/^Tv /, "TV ");

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function shown(parameter, value) {
  if (parameter.kind === "layers") return Object.entries(value).map(([layer, weight]) => `${layer}:${weight}`).join(", ");
  return Array.isArray(value) ? value.join(", ") : String(value);
}

function slider(parameter) {
  const input = element("input", { type: "range", id: `p-${parameter.name}`, min: parameter.minimum, max: parameter.maximum, step: 0.01 });
  const output = element("output", { htmlFor: input.id });
  const [low, high] = SLIDERS[parameter.name];
  const draw = () => {
    const share = (input.value - parameter.minimum) / (parameter.maximum - parameter.minimum);
    input.style.setProperty("--at", `${share * 100}%`);
    output.value = `${Math.round(share * 100)} %`;
  };
  input.addEventListener("input", draw);
  const head = element("div", { className: "head" }, element("label", { className: "name", htmlFor: input.id, textContent: title(parameter.name) }), output);
  const ends = element("div", { className: "ends" }, element("span", { textContent: low }), element("span", { textContent: high }));
  const group = element("div", { className: "group slider", title: parameter.help }, head, input, ends);
  return { group, get: () => input.value, set: (value) => { input.value = value; draw(); } };
}

function segments(parameter) {
  const inputs = parameter.choices.map((choice) => element("input", { type: "radio", name: parameter.name, value: choice }));
  const labels = inputs.map((input) => element("label", {}, input, WORDS[input.value] ?? title(input.value)));
  const group = element("fieldset", { className: "group", title: parameter.help },
    element("legend", { textContent: title(parameter.name) }), element("div", { className: "segments" }, ...labels));
  return { group, get: () => inputs.find((input) => input.checked).value, set: (value) => inputs.forEach((input) => { input.checked = input.value === value; }) };
}

function field(parameter) {
  const id = `p-${parameter.name}`;
  let input;
  if (parameter.kind === "choice") {
    input = element("select", { id }, ...parameter.choices.map((choice) => element("option", { value: choice, textContent: choice })));
  } else if (["number", "integer"].includes(parameter.kind)) {
    input = element("input", { type: "number", id, min: parameter.minimum, max: parameter.maximum, step: parameter.kind === "integer" ? 1 : "any", required: true });
  } else {
    input = element("input", { type: "text", id, spellcheck: false });
  }
  const name = title(parameter.name) + (parameter.unit ? ` (${parameter.unit})` : "");
  const group = element("div", { className: "field" }, element("label", { className: "name", htmlFor: id, textContent: name }), input,
    element("p", { className: "help", textContent: parameter.help }));
  const mark = () => group.classList.toggle("changed", input.value !== shown(parameter, parameter.default));
  input.addEventListener("input", mark);
  return { group, get: () => input.value, set: (value) => { input.value = shown(parameter, value); mark(); } };
}

export class Controls {
  constructor(parameters, basic, advanced) {
    this.parameters = parameters.filter((p) => !ELSEWHERE.includes(p.name) && !(p.kind === "choice" && p.choices.length < 2));
    this.made = new Map();
    for (const parameter of this.parameters) {
      const prominent = parameter.name in SLIDERS || SEGMENTS.includes(parameter.name);
      const control = parameter.name in SLIDERS ? slider(parameter) : prominent ? segments(parameter) : field(parameter);
      (prominent ? basic : advanced).append(control.group);
      control.set(parameter.default);
      this.made.set(parameter.name, control);
    }
  }

  // What differs from the defaults, as form fields.
  values() {
    const found = {};
    for (const parameter of this.parameters) {
      const value = this.made.get(parameter.name).get();
      if (value !== shown(parameter, parameter.default)) found[parameter.name] = value;
    }
    return found;
  }

  apply(values) {
    for (const parameter of this.parameters) this.made.get(parameter.name).set(values[parameter.name] ?? parameter.default);
  }
}
