"""The Python API: ``import impasto; painted = impasto.stylize(photo, "starry-night", strength=0.7)``.

Pictures are numpy arrays, (H, W), (H, W, 3) or (H, W, 4) of uint8, uint16 or float32 (0 to 1), sRGB-encoded, alpha not
premultiplied, or Pillow's images; what comes back is of the same kind, size, depth and alpha. Nothing is written but what
:func:`learn` keeps, and the cache of refined styles in the data folder. Errors are those of :mod:`impasto.errors`. Torch is
imported by the first painting.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from PIL import Image

from . import images
from .disk import write_whole
from .errors import BadPicture, DiskFull, InvalidParameter
from .formats import FORMATS, named
from .images import arrays
from .methods.choice import Plan
from .models import Style, StyleLibrary, recipes, refined_styles
from .models.styles import check_name
from .observer import Observer
from .paths import Paths
from .recipe import Recipe
from .settings import Settings
from .stylization import Stylization
from .training import Training

if TYPE_CHECKING:
    from .engine.engine import Engine
    from .learning.session import TrainingProgress
    from .models import FastHeader
    from .style import Progress

Pixels = TypeVar("Pixels", np.ndarray, Image.Image)
"""A picture that comes back as the kind it was."""

StyleLike = str | Path | np.ndarray | Image.Image
"""A style's id, a picture file, or a picture."""

PaintingLike = Path | np.ndarray | Image.Image
"""A picture file, or a picture."""

RecipeLike = Recipe | Path
"""A recipe, or the file that it is in: a picture that Impasto has painted, or a JSON file."""


class StopAndKeep(Exception):  # noqa: N818  it is no error
    """Raise it from a ``progress`` callback to end now with what has been painted or learnt so far."""


class _Callbacks(Observer):
    """Calls back; whatever the callback raises ends the painting, and reaches whoever began it."""

    def __init__(
        self,
        progress: Callable[[Any], None] | None,
        preview: Callable[[np.ndarray], None] | None,
        note: Callable[[str], None] | None,
    ) -> None:
        self._progress, self._preview, self._note = progress, preview, note
        self._finishing = False
        self.refined_styles: tuple[FastHeader, Mapping[str, np.ndarray]] | None = None
        self.wants_previews = preview is not None

    def progress(self, progress: Progress | TrainingProgress) -> None:
        """See :class:`Observer`."""
        if self._progress:
            try:
                self._progress(progress)
            except StopAndKeep:
                self._finishing = True

    def preview(self, rgb: np.ndarray, alpha: np.ndarray | None) -> None:
        """See :class:`Observer`."""
        if self._preview:
            self._preview(rgb if alpha is None else np.dstack([rgb, alpha.astype(np.float32)]))

    def refined(self, header: FastHeader, arrays: Mapping[str, np.ndarray]) -> None:
        """See :class:`Observer`."""
        self.refined_styles = header, arrays

    def note(self, text: str) -> None:
        """See :class:`Observer`."""
        if self._note:
            self._note(text)

    @property
    def finishing(self) -> bool:
        """See :class:`Observer`."""
        return self._finishing


@functools.cache
def default_engine() -> Engine:
    """The engine that is used where none is given: on the device and with the folders of the user's settings, kept for the process.

    Raises :class:`DeviceUnavailable`.
    """
    from .engine.engine import Engine

    return Engine(Settings.load())


def stylize(
    content: Pixels,
    style: StyleLike | Sequence[StyleLike] = (),
    *,
    recipe: RecipeLike | None = None,
    progress: Callable[[Progress], None] | None = None,
    preview: Callable[[np.ndarray], None] | None = None,
    note: Callable[[str], None] | None = None,
    keep_style: str = "",
    engine: Engine | None = None,
    **parameters: Any,
) -> Pixels:
    """``content`` painted in the style of ``style``: an id that :func:`styles` lists, a picture, a picture's file, or several.

    ``parameters`` are the fields of :class:`impasto.stylization.Stylization`: ``strength`` and ``detail`` 0..1, ``keep_colours``,
    ``method``, ``style_weights`` and so on; the result always has the content's own size.

    ``recipe``: paint as that picture was painted; styles and parameters that are given beside it win.

    ``progress`` is called after each step with an :class:`impasto.style.Progress` (step, total, fraction 0..1, losses). What it
    raises ends the painting and is raised here, such as :class:`impasto.errors.Cancelled`; :class:`StopAndKeep` ends it and keeps
    what there is. ``preview`` is called now and then with the painting so far, float32 (h, w, 3 or 4), 0 to 1, at most 1024 px
    long; ``note`` with a sentence about anything unexpected, such as a smaller size. ``keep_style``: a name under which pictures
    that the fast method has refined come into the style library, to be painted at once from then on. ``engine``: where to paint,
    and what is kept warm for the next time (:func:`default_engine`); one engine paints one picture at a time.

    Raises :class:`UnknownParameter`, :class:`InvalidParameter`, :class:`UnknownStyle`, :class:`StyleNotLearnt`,
    :class:`UnsupportedPicture`, :class:`PictureTooSmall`, :class:`OutOfMemory` or :class:`WeightsUnavailable`.
    """
    from .methods.stylizer import Stylizer

    engine = engine or default_engine()
    limits = images.Limits.of(engine.settings)
    observer = _Callbacks(progress, preview, note)
    stylization, pictures = _stylization(*_with_recipe(_listed(style), parameters, recipe, engine, observer), engine)
    if keep_style:
        keep_style = check_name(keep_style, "keep_style")
        _check_there_is_a_style_to_keep(stylization, engine)
    _picture_of(content, limits)  # what cannot be painted is refused before anything is loaded

    def read_style(position: int) -> images.Picture | None:
        name = stylization.style[position]
        return _picture_of(pictures[name], limits) if name in pictures else None

    done = Stylizer(engine, stylization, lambda: _picture_of(content, limits), read_style, observer).run()
    if keep_style and observer.refined_styles:

        def read_file(position: int) -> bytes:
            return _file_of(pictures[stylization.style[position]], limits)

        refined_styles.keep(engine.styles, *observer.refined_styles, stylization.style, keep_style, read_file)
    if isinstance(content, np.ndarray):
        return arrays.to_array(done.picture, content.shape)
    return arrays.to_image(done.picture)


def stylize_file(
    content: Path,
    result: Path,
    style: StyleLike | Sequence[StyleLike] = (),
    *,
    recipe: RecipeLike | None = None,
    strip: bool | None = None,
    progress: Callable[[Progress], None] | None = None,
    note: Callable[[str], None] | None = None,
    engine: Engine | None = None,
    **parameters: Any,
) -> None:
    """Paint the picture file ``content`` into the file ``result``, in the format of its name, replacing what is there.

    As the command line does: depth, transparency, profile and metadata (EXIF, XMP, resolution) go along, and the recipe is written
    beside them. ``strip``: leave all metadata out; by default what the setting strip_metadata says. All else as in :func:`stylize`.
    Raises besides :class:`BadPicture`, :class:`InvalidParameter` for a name that tells no format, and :class:`DiskFull`.
    """
    from .methods.encoded import stylize_encoded

    format = named(result.suffix[1:])
    if format is None or not FORMATS[format].written:
        raise InvalidParameter(f"{result.name} is no name that tells a format which is written.", field="result")
    engine = engine or default_engine()
    limits = images.Limits.of(engine.settings)
    observer = _Callbacks(progress, None, note)
    stylization, pictures = _stylization(*_with_recipe(_listed(style), parameters, recipe, engine, observer), engine)

    def read_style(position: int) -> bytes | None:
        name = stylization.style[position]
        return _file_of(pictures[name], limits) if name in pictures else None

    output = {"format": format} if strip is None else {"format": format, "strip": strip}
    done = stylize_encoded(engine, stylization, lambda: _bytes_of(content), read_style, output, observer)
    try:
        write_whole(result, done.data)
    except OSError as error:
        raise DiskFull(f"{result} cannot be written: {error.strerror}.") from None


def read_recipe(file: Path) -> Recipe:
    """The recipe in a picture that Impasto has painted, or in a JSON file: ``styles``, ``values``, ``width``, ``version``...

    Raises :class:`InvalidParameter` where there is none or it is damaged, and :class:`BadPicture` and its kin for no picture.
    """
    return recipes.read(_bytes_of(file))


def _with_recipe(
    given: list[Any], parameters: dict[str, Any], recipe: RecipeLike | None, engine: Engine, observer: Observer
) -> tuple[list[Any], dict[str, Any]]:
    """Styles and parameters, those of the recipe where nothing else is given."""
    if recipe is None:
        return given, parameters
    recipe = read_recipe(recipe) if isinstance(recipe, Path) else recipe
    values: dict[str, Any] = dict(recipe.fields())
    if given and len(given) != len(recipe.styles):
        values.pop("style_weights", None)
    if not given:
        given, notes = recipes.find_styles(recipe, engine.styles)
        for text in notes:
            observer.note(text)
    return given, values | parameters


def _check_there_is_a_style_to_keep(stylization: Stylization, engine: Engine) -> None:
    """Raises :class:`InvalidParameter` where nothing will be refined, and what :func:`impasto.methods.choice.choose` raises."""
    from .methods.choice import choose
    from .methods.fast import Fast

    if choose(stylization, engine.fast_styles)[0].name != Fast.name:
        hint = "Only the fast method makes one: set method to fast, and no parameter that only the iterative one knows."
    elif engine.fast_styles.find(stylization.style):
        hint = "All that it is painted in are fast styles already."
    elif not stylization.strength:
        hint = "At a strength of 0 nothing is painted."
    else:
        return
    raise InvalidParameter(refined_styles.NOTHING_TO_KEEP, field="keep_style", hint=hint)


def plan(
    content: np.ndarray | Image.Image | tuple[int, int],
    style: StyleLike | Sequence[StyleLike],
    *,
    engine: Engine | None = None,
    **parameters: Any,
) -> Plan:
    """What :func:`stylize` will do: the method and why, the px at which it paints, and a guess at the seconds.

    ``content``: a picture, or (width, height) in px. Raises as :func:`stylize` does before it begins.
    """
    from .methods.choice import plan as plan_of

    engine = engine or default_engine()
    stylization, _ = _stylization(_listed(style), parameters, engine)
    if isinstance(content, np.ndarray):
        size = content.shape[0], content.shape[1]
    else:
        width, height = content if isinstance(content, tuple) else content.size
        size = height, width
    images.Limits.of(engine.settings).check_size(size[1], size[0])
    return plan_of(stylization, size, engine.fast_styles, engine.settings, engine.machine())


def styles(settings: Settings | None = None) -> list[Style]:
    """The styles of this machine, those that ship first: id, title, painter, year, licence, whether a network has learnt it
    (``fast``), so that it is painted in one pass. ``settings``: by default the user's."""
    settings = settings or Settings.load()
    return StyleLibrary(Paths.of(settings), settings).styles()


def learn(
    paintings: PaintingLike | Sequence[PaintingLike],
    titles: str | Sequence[str] = (),
    *,
    photos: Path | None = None,
    progress: Callable[[TrainingProgress], None] | None = None,
    preview: Callable[[np.ndarray], None] | None = None,
    note: Callable[[str], None] | None = None,
    engine: Engine | None = None,
    **parameters: Any,
) -> list[Style]:
    """Learn paintings as fast styles, minutes each, and keep them in the style library; the new styles.

    ``titles``: one for each; by default a file's name, or "Painting". ``photos``: a folder of photographs to learn on; by default
    what the settings name, or the few that ship. ``parameters`` are the fields of :class:`impasto.training.Training`.
    ``progress`` is called after each step with a :class:`impasto.learning.session.TrainingProgress`, else as in :func:`stylize`.

    Raises :class:`BadPicture` for what nothing can be learnt from, :class:`InvalidParameter` and :class:`WeightsUnavailable`.
    """
    from .learning.learner import learn as learn_all

    given = _listed(paintings)
    named = [titles] if isinstance(titles, str) else list(titles)
    named = named or [one.stem if isinstance(one, Path) else "Painting" for one in given]
    if len(named) != len(given):
        raise InvalidParameter(f"There are {len(given)} paintings but {len(named)} titles.", field="titles")
    training = Training.parse(parameters)
    engine = engine or default_engine()
    limits = images.Limits.of(engine.settings)
    data = [_file_of(one, limits) for one in given]
    observer = _Callbacks(progress, preview, note)
    done = learn_all(engine, data, named, training, observer, photos=photos)
    return [engine.styles.get(id) for id in done.get("styles", ())]


def _listed(given: Any) -> list[Any]:
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _stylization(
    given: Sequence[StyleLike | bytes], parameters: dict[str, Any], engine: Engine
) -> tuple[Stylization, dict[str, PaintingLike | bytes]]:
    """The stylization, and the style pictures by the names that they have in it. Ids and files are known to exist."""
    names: list[str] = []
    pictures: dict[str, PaintingLike | bytes] = {}
    for one in given:
        if isinstance(one, str):
            names.append(engine.styles.get(one).id)
            continue
        if isinstance(one, (Path, bytes)):
            images.probe(_bytes_of(one), images.Limits.of(engine.settings))
        names.append(f"upload:{len(pictures)}")
        pictures[names[-1]] = one
    return Stylization.parse({**parameters, "style": names}), pictures


def _picture_of(given: PaintingLike | bytes, limits: images.Limits) -> images.Picture:
    if isinstance(given, np.ndarray):
        return arrays.from_array(given, limits=limits)
    if isinstance(given, Image.Image):
        return arrays.from_image(given, limits)
    if isinstance(given, (Path, bytes)):
        return images.decode(_bytes_of(given), limits)
    raise InvalidParameter(f"A picture is an array or a Pillow image, not {type(given).__name__}.", field="content")


def _file_of(given: PaintingLike | bytes, limits: images.Limits) -> bytes:
    return _bytes_of(given) if isinstance(given, (Path, bytes)) else images.encode(_picture_of(given, limits), "png")


def _bytes_of(file: Path | bytes) -> bytes:
    if isinstance(file, bytes):
        return file
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadPicture(f"{file} cannot be read: {error.strerror}.") from None
