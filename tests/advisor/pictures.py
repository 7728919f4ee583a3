"""Images near and far from photographs, and texts near and far from English prose, all made on the spot."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits, load_sample_image

import tlcore.data.samples as samples

TEXTS = {
    "spanish": ("¿Cuándo llegará mi pedido? Llevo una semana esperando.", "No puedo entrar en mi cuenta."),
    "german": ("Wann kommt meine Bestellung an? Ich warte seit einer Woche.", "Ich kann mich nicht einloggen."),
    "russian": ("Когда приедет мой заказ? Я жду уже неделю.", "Не могу войти в свою учётную запись."),
    "greek": ("Πότε θα φτάσει η παραγγελία μου; Περιμένω μία εβδομάδα.",),
    "arabic": ("متى سيصل طلبي؟ أنا أنتظر منذ أسبوع.", "يرجى إعادة المبلغ عن السلعة التالفة."),
    "hindi": ("मेरा ऑर्डर कब आएगा? मैं एक सप्ताह से इंतज़ार कर रहा हूँ।",),
    "chinese": ("我的订单什么时候到?我已经等了一个星期。", "请退还损坏商品的款项。"),
    "korean": ("주문은 언제 도착하나요? 일주일째 기다리고 있습니다.", "손상된 상품을 환불해 주세요."),
    "thai": ("คำสั่งซื้อของฉันจะมาถึงเมื่อไหร่", "กรุณาคืนเงินสำหรับสินค้าที่เสียหาย"),
    "code": (
        "for (int i = 0; i < n; i++) { sum += arr[i] * weights[i]; }",
        'if (ptr == NULL) { fprintf(stderr, "out of memory\\n"); exit(EXIT_FAILURE); }',
    ),
    "molecules": ("CC(=O)OC1=CC=CC=C1C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "CC(C)CC1=CC=C(C=C1)C(C)C(=O)O"),
}


def messages() -> list[str]:
    """The texts of the packaged sample."""
    with samples.MESSAGES.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def crops(n: int, *names: str, side: int = 0) -> list[Image.Image]:
    """Random square crops of scikit-learn's photographs, some mirrored; made `side` pixels small where asked for."""
    draw = np.random.default_rng(0)
    photos = [Image.fromarray(load_sample_image(name)) for name in names or ("china.jpg", "flower.jpg")]
    made = []
    for i in range(n):
        photo = photos[i % len(photos)]
        width = int(draw.uniform(0.3, 1) * min(photo.size))
        left, top = (int(draw.integers(0, size - width + 1)) for size in photo.size)
        crop = photo.crop((left, top, left + width, top + width))
        crop = crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if draw.random() < 0.5 else crop
        made.append(crop.resize((side, side)) if side else crop)
    return made


def digits(n: int) -> list[Image.Image]:
    """Handwritten digits as the packaged sample stores them, drawn at random."""
    rows = np.random.default_rng(0).permutation(len(load_digits().images))[:n]
    ink = np.pad((load_digits().images * (255 / 16)).round().astype("uint8"), ((0, 0), (4, 4), (4, 4)))
    return [Image.fromarray(255 - ink[row]).convert("RGB") for row in rows]


def noise(n: int) -> list[Image.Image]:
    """Every pixel on its own."""
    draw = np.random.default_rng(0)
    return [Image.fromarray(draw.integers(0, 256, (224, 224, 3), dtype=np.uint8)) for _ in range(n)]


def stripes(n: int) -> list[Image.Image]:
    """Some horizontal bands that swell and fade on a dark ground, in two colours: like spectrograms."""
    draw = np.random.default_rng(0)
    return [Image.fromarray(_coloured(_bands(draw))) for _ in range(n)]


def _bands(draw: np.random.Generator) -> NDArray[np.float64]:
    time, pitch = np.linspace(0, 1, 224), np.linspace(0, 1, 224)[:, None]
    loud = 0.05 * draw.random((224, 224))
    for _ in range(int(draw.integers(3, 8))):
        swell = 0.5 + 0.5 * np.sin(2 * np.pi * (draw.uniform(1, 6) * time + draw.uniform()))
        loud += np.exp(-(((pitch - draw.uniform()) / draw.uniform(0.004, 0.02)) ** 2)) * swell
    return loud.clip(0, 1)


def _coloured(loud: NDArray[np.float64]) -> NDArray[np.uint8]:
    low, high = np.array([68, 1, 84]), np.array([253, 231, 37])
    return (low + loud[..., None] * (high - low)).astype(np.uint8)


def class_folders(folder: Path, n: int, labels: tuple[int, ...] = (0, 1, 2)) -> Path:
    """`n` digits of each label as PNG files in class folders."""
    source = load_digits()
    for label in labels:
        (folder / str(label)).mkdir(parents=True)
        for i, ink in enumerate(source.images[source.target == label][:n]):
            pixels = 255 - np.pad((ink * (255 / 16)).round().astype("uint8"), 4)
            Image.fromarray(pixels).save(folder / str(label) / f"{i}.png")
    return folder
