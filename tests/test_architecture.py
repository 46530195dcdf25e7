"""The arrows of docs/architecture.md: who may import whom, and that importing does no work."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[1] / "backend" / "impasto"
PLUGINS = Path(__file__).resolve().parents[1] / "plugins"
TOOLS = Path(__file__).resolve().parents[1] / "tools"
MODULES = sorted(SOURCE.rglob("*.py"))

MAY_IMPORT = {
    "style": set(),
    "images": set(),
    "models": {"images"},
    "engine": {"style", "models"},
    "methods": {"engine", "style", "images", "models"},
    "learning": {"engine", "style", "images", "models"},
    "worker": {"learning", "methods", "engine", "style", "images", "models"},
    "jobs": {"methods", "images", "models"},
    "api": {"jobs", "methods", "images", "models"},
    "editors": set(),
    "cli": {"api", "jobs", "worker", "learning", "methods", "engine", "images", "models", "editors"},
}
"""Besides the modules beside these packages, which everyone may import."""

BESIDE_THE_PACKAGES = {
    "__main__": {"cli"},
    "stylization": {"methods"},  # the names in its table are the choices of a parameter
    "python_api": {"learning", "methods", "engine", "images", "models"},
}
"""What the modules beside the packages may import of them; the others nothing."""

WITH_TORCH = {"style", "engine", "learning"}
"""The packages whose modules may import torch at their top. Nobody else's do, so that no daemon pays for it."""

LIBRARIES_OF_OTHERS = {
    "style": {
        "flask",
        "waitress",
        "requests",
        "click",
        "sqlite3",
        "pathlib",
        "os",
        "io",
        "shutil",
        "tempfile",
        "socket",
        "subprocess",
        "PIL",
    },
    "images": {"flask", "waitress", "requests", "click", "sqlite3", "torch", "torchvision", "subprocess"},
    "models": {"flask", "waitress", "click", "sqlite3"},
    "engine": {"flask", "waitress", "click", "requests", "sqlite3", "PIL"},
    "methods": {"torch", "torchvision", "flask", "waitress", "click", "requests", "sqlite3"},
    "learning": {"flask", "waitress", "click", "requests", "sqlite3"},
    "worker": {"torch", "torchvision", "flask", "waitress", "click", "requests", "sqlite3"},
    "jobs": {"torch", "torchvision", "flask", "waitress", "click", "requests"},
    "api": {"torch", "torchvision", "click"},
    "editors": {"torch", "torchvision", "flask", "waitress", "requests", "click", "sqlite3", "numpy"},
    "cli": {"torch", "torchvision", "flask", "waitress"},
}
DEFERRED = {("models", "torch"), ("models", "torchvision"), ("worker", "torch"), ("cli", "torch"), ("api", "requests")}
"""(package, library) pairs that are allowed inside functions, for work that needs them, but not at a module's top."""

DEFINITIONS = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.FunctionDef, ast.ClassDef)

MAX_LINES, MAX_FUNCTION_LINES, MAX_CLASS_LINES = 400, 60, 200


def name_of(module: Path) -> str:
    return module.relative_to(SOURCE).as_posix()


def package_of(module: Path) -> str:
    parts = module.relative_to(SOURCE).parts
    return parts[0] if len(parts) > 1 else parts[0].removesuffix(".py").removeprefix("__init__")


@functools.cache
def parsed(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


@functools.cache
def imports(module: Path, *, top_only: bool = False) -> frozenset[str]:
    """Everything ``module`` imports at run time, by absolute name; with ``top_only``, what importing it imports."""
    tree = parsed(module)
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if top_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            found.update(absolute(module, node))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return frozenset(found)


def absolute(module: Path, node: ast.ImportFrom) -> set[str]:
    if not node.level:
        return {node.module or ""}
    parts = ["impasto", *module.relative_to(SOURCE).parts]
    base = ".".join([*parts[: len(parts) - node.level], *([node.module] if node.module else [])])
    return {f"{base}.{alias.name}" for alias in node.names} | {base}


def own_packages(names: frozenset[str]) -> set[str]:
    """The packages of ours among ``names``."""
    own = {name.split(".")[1] if "." in name else "" for name in names if name.split(".")[0] == "impasto"}
    return {name for name in own if name in MAY_IMPORT}


def test_arrows_point_one_way():
    for module in MODULES:
        package = package_of(module)
        allowed = MAY_IMPORT.get(package, BESIDE_THE_PACKAGES.get(package, set())) | {package}
        assert own_packages(imports(module)) <= allowed, f"{name_of(module)}: {package} may import {sorted(allowed)}"


def test_each_package_keeps_to_its_libraries():
    for module in MODULES:
        package = package_of(module)
        others = LIBRARIES_OF_OTHERS.get(package, {"torch", "torchvision", "flask", "waitress", "requests", "click"})
        at_top = {name.split(".")[0] for name in imports(module, top_only=True)}
        anywhere = {name.split(".")[0] for name in imports(module)}
        assert not at_top & others, name_of(module)
        assert not {name for name in anywhere & others if (package, name) not in DEFERRED}, name_of(module)


@pytest.mark.parametrize("package", sorted(MAY_IMPORT.keys() - WITH_TORCH))
def test_torch_is_imported_at_the_top_of_no_module_of_the_daemon(package):
    modules = [m for m in MODULES if package_of(m) == package]
    assert modules
    wrong = [name_of(m) for m in modules if {n.split(".")[0] for n in imports(m, top_only=True)} & {"torch", "torchvision"}]
    assert not wrong


def test_the_engine_is_silent_and_touches_no_file():
    for module in (m for m in MODULES if package_of(m) == "style"):
        called = {
            node.func.id for node in ast.walk(parsed(module)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not called & {"print", "open", "input"}, name_of(module)


def test_importing_does_no_work():
    """At a module's top there are definitions and imports; anything else would run for whoever imports it."""
    for module, node in ((m, n) for m in MODULES for n in parsed(m).body):
        line = f"{name_of(module)}:{node.lineno} runs at import"
        if isinstance(node, ast.If):
            assert ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'"), line
        elif isinstance(node, ast.Expr):
            assert isinstance(node.value, ast.Constant), line
        else:
            assert isinstance(node, DEFINITIONS), line


SIZED = MODULES + [
    module
    for folder in (PLUGINS, TOOLS)
    for module in sorted(folder.rglob("*.py"))
    if "Written by tools/" not in module.read_text("utf-8")
]


def test_modules_classes_and_functions_are_short_enough_to_read():
    for module in SIZED:
        name = module.relative_to(TOOLS.parent).as_posix()
        assert len(module.read_text(encoding="utf-8").splitlines()) <= MAX_LINES, name
        for node in ast.walk(parsed(module)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert node.end_lineno - node.body[0].lineno < MAX_FUNCTION_LINES, f"{name}: {node.name} is longer than a screen"
            if isinstance(node, ast.ClassDef) and module not in MODULES:  # the backend's are not all so short yet
                assert node.end_lineno - node.lineno < MAX_CLASS_LINES, f"{name}: {node.name} does more than one thing"


@pytest.mark.slow
@pytest.mark.parametrize(
    "statement, forbidden",
    [
        ("import impasto.cli", {"torch", "flask", "waitress", "numpy", "requests", "PIL"}),
        ("import impasto.cli.daemon, impasto.cli.stylize, impasto.cli.doctor, impasto.cli.demo", {"torch", "flask", "numpy"}),
        ("import impasto.api.server, impasto.jobs, impasto.models", {"torch", "torchvision", "PIL", "imagecodecs", "requests"}),
        ("import impasto.images", {"torch", "flask"}),
        ("import impasto.worker.loop, impasto.worker.handlers, impasto.worker.stylize, impasto.worker.train", {"torch", "flask"}),
        # This one imports torch, which takes seconds.
        pytest.param("import impasto.style", {"flask", "requests", "PIL", "yaml", "click"}, marks=pytest.mark.slow),
    ],
)
def test_in_a_fresh_interpreter(statement, forbidden):
    reply = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys; print(*sorted(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert not forbidden & set(reply.stdout.split())


def test_plugins_need_only_their_editor_and_the_standard_library():
    hosts = {"gi", "krita", "pykrita", "PyQt5", "PyQt6", "PyQt", "gimp"}
    siblings = {path.stem for path in PLUGINS.rglob("*.py")} | {path.name for path in PLUGINS.rglob("*") if path.is_dir()}
    for module in PLUGINS.rglob("*.py"):
        tree = parsed(module)
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
        roots = {name.split(".")[0] for name in names}
        assert not roots - hosts - siblings - set(sys.stdlib_module_names), module


def test_the_check_itself_sees_imports():
    """A checker that finds nothing anywhere would pass all of the above."""
    module = SOURCE / "style" / "iterative.py"
    assert "torch" in {name.split(".")[0] for name in imports(module)}
    assert own_packages({"impasto.jobs.store", "impasto.errors", "numpy"}) == {"jobs"}
    assert "impasto.errors" in imports(SOURCE / "cli" / "__init__.py")
