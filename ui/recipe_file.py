"""The recipe as a file and as a command: nothing is hidden in the page."""

from __future__ import annotations

import shlex

import streamlit as st

from tlcore.data import Dataset
from tlcore.errors import RecipeError
from tlcore.training import Recipe
from tlcore.zoo import backbone
from ui import state
from ui.command import changes
from ui.forms import fill
from ui.guard import guard
from ui.words import plain

__all__ = ["load", "same_elsewhere"]

MOST_BYTES = 200_000


def same_elsewhere(recipe: Recipe, dataset: Dataset) -> None:
    """To copy, to download, to bring back."""
    with st.expander("Recipe: as a command, as a file", icon=":material/terminal:", key="shell"):
        if recipe.phases:
            st.caption("Phases of one's own need the file: `python -m tlcore train recipe.toml`.")
        else:
            st.code(command(recipe), language="bash", wrap_lines=True)
            st.caption("Or save the recipe and run `python -m tlcore train recipe.toml`.")
        st.code(recipe.to_toml(), language="toml", height=260)
        st.download_button(
            "Download recipe.toml",
            recipe.to_toml(),
            "recipe.toml",
            "application/toml",
            icon=":material/download:",
            key="recipe-file",
            on_click="ignore",
        )
        given = st.file_uploader("Load a recipe file", type=["toml"], key="recipe-upload", max_upload_size=1)
        if given is not None:
            with guard():
                brought = _fitting(_read(given.getvalue()), dataset)
                label, icon = "Fill the form with it", ":material/upload_file:"
                st.button(label, icon=icon, key="recipe-use", on_click=load, args=(brought, dataset))


def command(recipe: Recipe) -> str:
    """The same training from a shell."""
    words = ["python", "-m", "tlcore", "train", "--data", recipe.dataset, "--backbone", recipe.backbone]
    words += ["--strategy", recipe.strategy.name, "--epochs", str(recipe.epochs)]
    words += [part for change in changes(recipe) for part in ("--set", change)]
    return shlex.join(words)


def load(recipe: Recipe, dataset: Dataset) -> None:
    """Write a recipe into the form; its dataset is left out, the form's own stays.

    Raises:
        RecipeError: its backbone reads another kind of data.
    """
    _fitting(recipe, dataset)
    state.choose("backbone", recipe.backbone)
    state.choose("strategy", recipe.strategy.name)
    fill(recipe, dataset.modality)
    st.toast(plain(f"The form now has {recipe.strategy.title}."), icon=":material/check:")


def _fitting(recipe: Recipe, dataset: Dataset) -> Recipe:
    record = backbone(recipe.backbone)
    if record.modality != dataset.modality:
        raise RecipeError(
            f"This recipe is for {record.modality}s ({record.title}), but the dataset holds {dataset.modality}s."
        )
    return recipe


def _read(content: bytes) -> Recipe:
    if len(content) > MOST_BYTES:
        raise RecipeError(f"A recipe is a page of text; this file has {len(content):,} bytes.")
    try:
        return Recipe.from_toml(content.decode())
    except UnicodeDecodeError as error:
        raise RecipeError("This file is not text, so it is no recipe.") from error
