"""Does a change change a picture? The same commands in two trees, their results compared to the bit.

    python benchmarks/same_pictures.py BEFORE AFTER [--only WORD] [--weights FOLDER] [--threads N] [--keep FOLDER]

BEFORE and AFTER are checkouts; BEFORE may also be a git revision of this one. The command line of each tree paints small pictures
by both methods, in every file format, and trains two networks for a few steps. It is meant for changes that should not show: exit 0
where all results are equal, 1 where one differs. They are equal only on one machine, with the same libraries and threads, so both
trees run here. Nothing is fetched; the iterative method and training need the weights of VGG-16 (`impasto models pull vgg16`).

--keep names a folder in which the results of BEFORE stay, for the next comparison with the same revision.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import platformdirs
import tifffile
from PIL import Image
from safetensors.numpy import load_file

ROOT = Path(__file__).resolve().parents[1]
PAINTINGS = ROOT / "models" / "paintings"

RUNNER = """
import contextlib, io, json, sys, time
from pathlib import Path
import impasto.cli
if not Path(impasto.__file__).is_relative_to(sys.argv[1]):
    sys.exit(f"error: {impasto.__file__} is imported instead of the one in {sys.argv[1]}.")
for line in sys.stdin:
    name, arguments = json.loads(line)
    said, began, code = io.StringIO(), time.perf_counter(), 0
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            impasto.cli.main(arguments)
        except SystemExit as end:
            code = end.code or 0
    print(json.dumps([name, code, said.getvalue(), time.perf_counter() - began]), flush=True)
"""
"""Runs the command line once for each line of its input. One process for all of a tree's commands: torch is imported once."""


@dataclass(frozen=True)
class Case:
    """One command: `impasto stylize` with a content of :func:`make_contents`, or `impasto train` where ``content`` is empty."""

    name: str
    content: str
    styles: tuple[str, ...]
    options: tuple[str, ...] = ()
    out: str = ".npy"

    def arguments(self, contents: Path, folder: Path, common: list[str]) -> list[str]:
        """The command's arguments, with its results in ``folder``."""
        if not self.content:
            paintings = [str(PAINTINGS / f"{style}.jpg") for style in self.styles]
            return ["train", *paintings, *self.options, *common, "--data-dir", str(folder / "data")]
        options = [*self.options, *common, "--data-dir", str(folder / "data")]
        out = str(folder / f"result{self.out}")
        return ["stylize", str(contents / self.content), *self.styles, "-o", out, "--no-daemon", *options]


FAST = ("--method", "fast")
ITERATIVE = ("--method", "iterative", "--iterations", "3", "--encoder", "vgg16")
FLOATS = "floats.npy"
"""Most cases read and write floats, in which no rounding to 8 bit hides a difference."""

CASES = (
    Case("fast", FLOATS, ("starry-night",), FAST),
    Case("fast, two styles", FLOATS, ("great-wave", "scream"), (*FAST, "--style-weights", "2,1")),
    Case("fast, keep luminance", FLOATS, ("starry-night",), (*FAST, "--keep-colours", "luminance")),
    Case("fast, match colours", FLOATS, ("starry-night",), (*FAST, "--keep-colours", "match")),
    Case("fast, strength 0", FLOATS, ("scream",), (*FAST, "--strength", "0")),
    Case("fast, strength 0.1", FLOATS, ("scream",), (*FAST, "--strength", "0.1")),
    Case("fast, strength 0.3", FLOATS, ("scream",), (*FAST, "--strength", "0.3")),
    Case("fast, strength 1", FLOATS, ("scream",), (*FAST, "--strength", "1")),
    Case("fast, detail 0.2", FLOATS, ("irises",), (*FAST, "--detail", "0.2")),
    Case("fast, detail 0.8", FLOATS, ("irises",), (*FAST, "--detail", "0.8")),
    Case("fast, smaller resolution", FLOATS, ("irises",), (*FAST, "--resolution", "200")),
    Case("fast, smaller, luminance", FLOATS, ("irises",), (*FAST, "--resolution", "200", "--keep-colours", "luminance")),
    Case("fast, 8-bit PNG", "bytes.png", ("red-tree",), FAST, ".png"),
    Case("fast, 16-bit PNG, alpha", "deep-alpha.png", ("red-tree",), FAST, ".png"),
    Case("fast, grey PNG", "grey.png", ("red-tree",), FAST, ".png"),
    Case("fast, JPEG", "bytes.png", ("red-tree",), FAST, ".jpg"),
    Case("fast, WebP", "bytes.png", ("red-tree",), FAST, ".webp"),
    Case("fast, float TIFF", FLOATS, ("red-tree",), FAST, ".tif"),
    Case("fast, in parts", "large.jpg", ("composition-vii",), FAST),
    Case("fast, in parts, match, alpha", "large-alpha.png", ("composition-vii",), (*FAST, "--keep-colours", "match"), ".png"),
    Case("iterative, w2", FLOATS, ("starry-night",), ITERATIVE),
    Case("iterative, gram", FLOATS, ("starry-night",), (*ITERATIVE, "--loss", "gram")),
    Case("iterative, gatys", FLOATS, ("starry-night",), (*ITERATIVE, "--loss", "gatys")),
    Case("iterative, adam", FLOATS, ("starry-night",), (*ITERATIVE, "--optimiser", "adam")),
    Case("iterative, from noise", FLOATS, ("scream",), (*ITERATIVE, "--init", "noise", "--seed", "7")),
    Case("iterative, from the style", FLOATS, ("scream",), (*ITERATIVE, "--init", "style")),
    Case("iterative, from fast", FLOATS, ("scream",), (*ITERATIVE, "--init", "fast")),
    Case("iterative, keep luminance", FLOATS, ("irises",), (*ITERATIVE, "--keep-colours", "luminance")),
    Case("iterative, match colours", FLOATS, ("irises",), (*ITERATIVE, "--keep-colours", "match")),
    Case("iterative, detail 0.2", FLOATS, ("irises",), (*ITERATIVE, "--detail", "0.2")),
    Case("iterative, detail 0.8", FLOATS, ("irises",), (*ITERATIVE, "--detail", "0.8")),
    Case("iterative, strength 0", FLOATS, ("irises",), (*ITERATIVE, "--strength", "0")),
    Case("iterative, strength 0.1", FLOATS, ("irises",), (*ITERATIVE, "--strength", "0.1")),
    Case("iterative, strength 1", FLOATS, ("irises",), (*ITERATIVE, "--strength", "1")),
    Case("iterative, two styles", FLOATS, ("irises", "scream"), (*ITERATIVE, "--style-weights", "1,3")),
    Case("iterative, average pooling", FLOATS, ("scream",), (*ITERATIVE, "--pooling", "average")),
    Case("iterative, l2 pooling", FLOATS, ("scream",), (*ITERATIVE, "--pooling", "l2")),
    Case("iterative, weights", FLOATS, ("scream",), (*ITERATIVE, "--content-weight", "2", "--tv-weight", "0", "--scales", "1")),
    Case("iterative, own layers", FLOATS, ("scream",), (*ITERATIVE, "--style-layers", "relu1_2:1,relu3_1:2")),
    Case("iterative, smaller", FLOATS, ("scream",), (*ITERATIVE, "--resolution", "128")),
    Case("iterative, picture file", FLOATS, (str(ROOT / "examples" / "moraine-lake.jpg"),), ITERATIVE),
    Case("iterative, 16-bit PNG, alpha", "deep-alpha.png", ("scream",), ITERATIVE, ".png"),
    Case("train, a style", "", ("scream", "irises"), ("--steps", "4", "--side", "128")),
    Case("train, a network", "", ("scream",), ("--learn", "network", "--network", "lean:48x4", "--steps", "4", "--side", "64")),
)


def main() -> None:
    """Run both trees, compare, print a table."""
    parser = argparse.ArgumentParser(description="Compare the pictures of two trees to the bit.")
    parser.add_argument("before", metavar="BEFORE", help="a checkout, or a git revision of this one")
    parser.add_argument("after", metavar="AFTER", type=Path, help="a checkout")
    parser.add_argument("--only", default="", metavar="WORD", help="cases whose name has this in it")
    parser.add_argument("--weights", type=Path, default=default_weights(), metavar="FOLDER", help="where vgg16.safetensors is")
    parser.add_argument("--threads", default="2", metavar="N", help="threads for computing, the same for both (2)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the results of BEFORE here, and take them from here")
    asked = parser.parse_args()
    cases = [case for case in CASES if asked.only in case.name]
    common = [
        "--quiet",
        "--offline",
        "--device",
        "cpu",
        "--weights-dir",
        str(asked.weights.resolve()),
        "--cpu-threads",
        asked.threads,
    ]
    with tempfile.TemporaryDirectory(prefix="impasto-same-") as name, checkout(asked.before) as before:
        work = Path(name)
        (work / "contents").mkdir()
        make_contents(work / "contents")
        old = kept_folder(asked.keep, before, common) if asked.keep else work / "before"
        run(before, cases, work / "contents", old, common)
        run(asked.after.resolve(), cases, work / "contents", work / "after", common)
        different = sum([not report(case, old / case_folder(case), work / "after" / case_folder(case)) for case in cases])
    print(f"{different} of {len(cases)} differ" if different else f"all {len(cases)} are equal to the bit")
    sys.exit(1 if different else 0)


def default_weights() -> Path:
    """The tests' folder where it exists, else the user's own."""
    tests = Path(os.environ.get("TEST_WEIGHTS") or ROOT / ".cache" / "weights")
    return tests if tests.is_dir() else Path(platformdirs.user_data_dir("impasto", appauthor=False)) / "weights"


@contextlib.contextmanager
def checkout(named: str) -> Iterator[Path]:
    """The checkout's folder; a revision gets a temporary one."""
    if (Path(named) / "backend" / "impasto").is_dir():
        yield Path(named).resolve()
        return
    with tempfile.TemporaryDirectory(prefix="impasto-before-") as name:
        tree = Path(name) / "tree"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(tree), named], cwd=ROOT, check=True)
        try:
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)


def kept_folder(keep: Path, tree: Path, common: list[str]) -> Path:
    """A folder of ``keep`` for this revision and this script; a tree with changes has none that is known from before."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=tree, check=True, capture_output=True, text=True).stdout.strip()

    if git("status", "--porcelain", "--", "backend", "models"):
        sys.exit(f"error: {tree} has changes that are not committed, so its results cannot be kept.")
    script = Path(__file__).read_bytes() + repr(common).encode()
    return keep.resolve() / f"{git('rev-parse', 'HEAD')[:12]}-{hashlib.sha256(script).hexdigest()[:12]}"


def make_contents(folder: Path) -> None:
    """The pictures to paint on, from the example: small ones of several kinds, and one that is painted in parts."""
    example = Image.open(ROOT / "examples" / "moraine-lake.jpg").convert("RGB")
    small = example.resize((280, 210), Image.Resampling.LANCZOS)
    small.save(folder / "bytes.png")
    small.convert("L").save(folder / "grey.png")
    floats = np.asarray(small, np.float32) / 255
    np.save(folder / FLOATS, floats)
    alpha = np.linspace(0, 1, 280, dtype=np.float32)[None, :, None].repeat(210, 0)
    deep = (np.concatenate([floats, alpha], 2) * 65535).round().astype(np.uint16)
    (folder / "deep-alpha.png").write_bytes(imagecodecs.png_encode(deep))
    large = example.resize((1560, 1040), Image.Resampling.BICUBIC)
    large.save(folder / "large.jpg", quality=90)
    large.putalpha(Image.linear_gradient("L").resize(large.size))
    large.save(folder / "large-alpha.png")


def case_folder(case: Case) -> str:
    """A folder's name."""
    return "".join(letter if letter.isalnum() else "-" for letter in case.name)


def run(tree: Path, cases: list[Case], contents: Path, results: Path, common: list[str]) -> None:
    """Run the commands of all cases that have no result yet in one process that imports from ``tree``."""
    todo = {case.name: case for case in cases if not (results / case_folder(case) / "seconds").is_file()}
    if not todo:
        return
    results.mkdir(parents=True, exist_ok=True)
    (results / "config.yaml").touch()
    own = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
    environment = own | {
        "PYTHONPATH": str(tree / "backend"),
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "IMPASTO_CONFIG": str(results / "config.yaml"),
        "IMPASTO_RUNTIME_DIR": str(results / "run"),
    }
    commands = []
    for case in todo.values():
        folder = results / case_folder(case)
        folder.mkdir(exist_ok=True)
        commands.append(json.dumps([case.name, case.arguments(contents, folder, common)]))
    runner = [sys.executable, "-c", RUNNER, str(tree)]
    with subprocess.Popen(runner, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        process.stdin.write("\n".join(commands) + "\n")
        process.stdin.close()
        for line in process.stdout:
            name, code, said, seconds = json.loads(line)
            folder = results / case_folder(todo[name])
            if code:
                (folder / "failed").write_text(said, encoding="utf-8")
            else:
                (folder / "seconds").write_text(f"{seconds:.1f}", encoding="utf-8")
    if process.returncode:
        sys.exit(f"error: the process that paints with {tree} ended with {process.returncode}.")


def report(case: Case, before: Path, after: Path) -> bool:
    """Print the case's line. True where both trees have made the same."""
    for folder, label in ((before, "before"), (after, "after")):
        if (folder / "failed").is_file():
            print(f"FAILED  {case.name}: {label}: {(folder / 'failed').read_text(encoding='utf-8').strip()}")
            return False
    old, new = arrays_of(before, case), arrays_of(after, case)
    difference = first_difference(old, new)
    times = " ".join(f"{(folder / 'seconds').read_text(encoding='utf-8'):>5} s" for folder in (before, after))
    print(f"{'DIFFERS' if difference else 'equal  '} {times}  {case.name}{': ' + difference if difference else ''}", flush=True)
    return not difference


def arrays_of(folder: Path, case: Case) -> dict[str, np.ndarray]:
    """What a case made: its picture, decoded, or the tensors of its styles by file and name."""
    if case.content:
        return {"the picture": decoded(folder / f"result{case.out}")}
    files = sorted((folder / "data" / "styles").glob("*.safetensors"))
    return {f"{file.stem} {name}": array for file in files for name, array in load_file(file).items()}


def decoded(file: Path) -> np.ndarray:
    """A picture's samples as they are in the file."""
    if file.suffix == ".npy":
        return np.load(file)
    if file.suffix == ".tif":
        return tifffile.imread(file)
    return imagecodecs.imread(file)


def first_difference(old: dict[str, np.ndarray], new: dict[str, np.ndarray]) -> str:
    """A few words on where two results differ; empty where they are equal."""
    if not old or old.keys() != new.keys():
        return f"made {sorted(old.keys() ^ new.keys())[:4] or 'nothing'}"
    for name, array in old.items():
        other = new[name]
        if (array.shape, array.dtype) != (other.shape, other.dtype):
            return f"{name}: {array.shape} {array.dtype}, then {other.shape} {other.dtype}"
        if array.tobytes() != other.tobytes():
            differences = np.abs(array.astype(np.float64) - other.astype(np.float64))
            return f"{name}: {np.mean(differences > 0):.2%} of its numbers differ, by {differences.max():.3g} at most"
    return ""


if __name__ == "__main__":
    main()
