// The panel: sliders and choices, all made from /v1/parameters, so that no default, range or label is written here.

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
  const [low, high] = parameter.ends;
  const draw = () => {
    const share = (input.value - parameter.minimum) / (parameter.maximum - parameter.minimum);
    input.style.setProperty("--at", `${share * 100}%`);
    output.value = `${Math.round(share * 100)} %`;
  };
  input.addEventListener("input", draw);
  const head = element("div", { className: "head" }, element("label", { className: "name", htmlFor: input.id, textContent: parameter.label }), output);
  const ends = element("div", { className: "ends" }, element("span", { textContent: low }), element("span", { textContent: high }));
  const group = element("div", { className: "group slider", title: parameter.hint }, head, input, ends);
  return { group, get: () => input.value, set: (value) => { input.value = value; draw(); } };
}

// Choices that are all in sight.
function options(parameter) {
  const inputs = parameter.choices.map((choice) => element("input", { type: "radio", name: parameter.name, value: choice }));
  const labels = inputs.map((input, index) => element("label", {}, input, parameter.choice_labels[index]));
  const group = element("fieldset", { className: "group", title: parameter.hint },
    element("legend", { textContent: parameter.label }), element("div", { className: "options" }, ...labels));
  return { group, get: () => inputs.find((input) => input.checked).value, set: (value) => inputs.forEach((input) => { input.checked = input.value === value; }) };
}

function field(parameter) {
  const id = `p-${parameter.name}`;
  let input;
  if (parameter.kind === "choice") {
    input = element("select", { id }, ...parameter.choices.map((choice, index) => element("option", { value: choice, textContent: parameter.choice_labels[index] })));
  } else if (["number", "integer"].includes(parameter.kind)) {
    input = element("input", { type: "number", id, min: parameter.minimum, max: parameter.maximum, step: parameter.kind === "integer" ? 1 : "any", required: !parameter.zero, placeholder: parameter.zero });
  } else {
    input = element("input", { type: "text", id, spellcheck: false });
  }
  const group = element("div", { className: "field" }, element("label", { className: "name", htmlFor: id, textContent: parameter.label }), input,
    element("p", { className: "help", textContent: parameter.hint }));
  const mark = () => group.classList.toggle("changed", (input.value || (parameter.zero ? "0" : "")) !== shown(parameter, parameter.default));
  input.addEventListener("input", mark);
  // An empty field shows what 0 stands for.
  const text = (value) => (parameter.zero && value === 0 ? "" : shown(parameter, value));
  const get = () => input.value || (parameter.zero ? "0" : "");
  return { group, get, set: (value) => { input.value = text(value); mark(); } };
}

export class Controls {
  constructor(parameters, basic, advanced) {
    this.parameters = parameters.filter((p) => p.label && !(p.kind === "choice" && p.choices.length < 2));
    this.made = new Map();
    for (const parameter of this.parameters) {
      const make = parameter.widget === "slider" ? slider : parameter.front && parameter.kind === "choice" ? options : field;
      const control = make(parameter);
      (parameter.front ? basic : advanced).append(control.group);
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
