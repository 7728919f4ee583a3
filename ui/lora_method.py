"""How the calculator computes: formulas and assumptions, with the numbers that the engine really uses."""

from __future__ import annotations

import streamlit as st

from tlcore.adapters import memory

__all__ = ["method"]


def method() -> None:
    """One click away from the results."""
    with st.expander("Formulas and assumptions", icon=":material/function:", key="method"):
        counts, bytes_ = st.columns(2)
        with counts:
            _counts()
        with bytes_:
            _memory()


def _counts() -> None:
    st.markdown("**Parameters**")
    st.latex(r"W' = W + \tfrac{\alpha}{r} B A,\quad A: r \times d_{in},\; B: d_{out} \times r")
    st.latex(r"\text{linear: } r\,(d_{in} + d_{out})")
    st.latex(r"\text{convolution: } r\,(d_{in} k_h k_w + d_{out})")
    st.markdown(
        "- Rectangular and grouped-query projections have their own d_in and d_out, read from the model.\n"
        "- DoRA adds d_out for each matrix. rsLoRA and alpha add nothing.\n"
        "- torch's MultiheadAttention: one pair for query, key and value, one for the output, 6 r d.\n"
        "- The total is the model's with the adapters, as peft prints it. A new head is apart.\n"
        "- [LoRA](https://arxiv.org/abs/2106.09685), [rsLoRA](https://arxiv.org/abs/2312.03732), "
        "[DoRA](https://arxiv.org/abs/2402.09353)"
    )


def _memory() -> None:
    st.markdown("**Memory**")
    st.markdown(
        f"- Full, 16 bits: 2 (weights) + 2 (gradients) + {memory.MASTER} (float32 copy) + "
        f"{memory.OPTIMIZERS['adamw']} (AdamW) = 16 bytes a parameter "
        "([ZeRO](https://arxiv.org/abs/1910.02054), section 3.1); in float32 4 + 4 + 8.\n"
        f"- LoRA: the frozen base once; an adapter's parameter {memory.ADAPTER} + {memory.ADAPTER} bytes and its "
        "moments, in float32 as peft keeps it.\n"
        f"- QLoRA: linear layers in {memory.NF4_BITS:g} + {memory.CONSTANT_BITS:g} bits "
        "([QLoRA](https://arxiv.org/abs/2305.14314)); embeddings, norms, biases, convolutions and the output head as "
        "they were."
    )
    st.markdown("Activations of a transformer's layer, in 16 bits, for s tokens of b samples:")
    st.latex(r"s\,b\,h\left(34 + 5\,\tfrac{a s}{h}\right)")
    st.markdown(
        "- [Korthikanti et al. 2022](https://arxiv.org/abs/2205.05198), equation 2, in the widths that this model has "
        "(grouped keys, a gated MLP, float32 norms); without the second term where attention is fused; with "
        "checkpointing 2 s b h a layer and one whole layer at a time.\n"
        "- With a frozen base, a layer without an adapter does not keep its input.\n"
        "- Image networks of the zoo: what autograd keeps of one image, counted on the network itself, as if all of it "
        "trained; for LoRA that is an upper bound.\n"
        f"- Logits of a decoder: their own bytes and {memory.LOGIT} more for each token and word.\n"
        f"- CUDA and its libraries: {memory.CONTEXT / 2**30:g} GiB, assumed. A card counts as large "
        f"enough with {memory.SPARE:.0%} to spare, for what its driver keeps and fragmentation loses."
    )
