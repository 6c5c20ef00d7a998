"""The shape of ear-nano: XLS-R's architecture, narrow, with frames of 40 ms."""

from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from .letters import BLANK, IDS, LETTERS

SHAPES = {
    "tiny": {"hidden": 64, "layers": 2, "convolutions": (16, 32, 32, 64, 64, 64)},
    "nano": {"hidden": 192, "layers": 6, "convolutions": (32, 64, 96, 128, 192, 192)},
    "small": {"hidden": 384, "layers": 8, "convolutions": (48, 96, 128, 192, 256, 384)},
}
STRIDES, KERNELS = (5, 4, 4, 2, 2, 2), (10, 8, 8, 4, 4, 2)  # 640 samples a frame


def config(shape: str) -> Wav2Vec2Config:
    """Layer norms where XLS-R has them; rectifiers, which are faster to train on a CPU."""
    size = SHAPES[shape]
    return Wav2Vec2Config(
        vocab_size=len(LETTERS),
        hidden_size=size["hidden"],
        num_hidden_layers=size["layers"],
        num_attention_heads=size["hidden"] // 64,
        intermediate_size=4 * size["hidden"],
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        conv_bias=True,
        conv_dim=size["convolutions"],
        conv_stride=STRIDES,
        conv_kernel=KERNELS,
        num_conv_pos_embeddings=32,
        num_conv_pos_embedding_groups=16,
        feat_extract_activation="relu",
        hidden_act="relu",
        hidden_dropout=0.0,
        activation_dropout=0.0,
        attention_dropout=0.0,
        feat_proj_dropout=0.0,
        final_dropout=0.0,
        layerdrop=0.0,
        apply_spec_augment=True,
        mask_time_prob=0.05,
        mask_time_length=4,
        mask_time_min_masks=0,
        mask_feature_prob=0.02,
        mask_feature_length=16,
        pad_token_id=IDS[BLANK],
        bos_token_id=None,
        eos_token_id=None,
    )


def build(shape: str) -> Wav2Vec2ForCTC:
    """A model with fresh weights."""
    return Wav2Vec2ForCTC(config(shape))
