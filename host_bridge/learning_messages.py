"""Messages of boards that learn, 0x20 to 0x2F, and what they send in transfers. See docs/protocol.md."""

from host_bridge.message import ErrorCode, Field, Message

HAS_MASK, HAS_VALUES, HAS_SHARD, HAS_UPDATE, CAN_SEED, CAN_ROUND = 1, 2, 4, 8, 16, 32
"""Bits of LEARNER's ``state``; ``CAN_ROUND``: has room for residuals, so takes encodings that round."""
MASK, SHARD, TASK, UPDATE = 1, 2, 3, 4
"""Kinds of transfers: to the board its mask, its samples and a round's task; from it a round's update."""

LEARNER = Message(
    "learner",
    0x20,
    (),
    (
        Field("format", "u8", "FP_LEARNER_FORMAT the firmware was generated for"),
        Field("state", "u8", "1 has a mask, 2 has values, 4 has its shard, 8 has an update, 16 can seed, 32 can round"),
        Field("sample_format", "u8", "0 a byte a value, 1 float32"),
        Field("classes", "u16", "classes it tells apart"),
        Field("sample_bytes", "u32", "of one sample, without its label"),
        Field("sample_scale_bits", "u32", "what the byte 1 of a sample stands for: the bits of a float32"),
        Field("sample_capacity", "u32", "samples it has room for"),
        Field("order_capacity", "u32", "epochs times samples that a round may have"),
        Field("value_capacity", "u32", "kept values it has room for"),
        Field("block_bytes", "u32", "its working memory"),
        Field("values", "u32", "kept values of its mask; 0 without one"),
        Field("mask", "u32", "fingerprint of its mask; 0 without one"),
        Field("samples", "u32", "samples of its shard; 0 without one"),
        Field("shard_crc32", "u32", "CRC-32 of its shard; 0 without one"),
        Field("round", "u32", "the round whose update is there; 0 for none"),
        Field("residual_round", "u32", "the latest round whose rounding it remembers; 0 for none"),
        Field("runs", "u32", "rounds trained since reset"),
        Field("norm_max", "u32", "largest Euclidean norm of values it takes: the bits of a float32"),
    ),
    "what do you learn, and where do you stand",
)
SEED = Message(
    "seed",
    0x21,
    (
        Field("model", "u32", "first four bytes of INFO's model_sha256"),
        Field("seed", "u64", "of the initial weights"),
        Field("keep", "data", "u32 for each iteration of SynFlow: weights that are kept after it"),
    ),
    (
        Field("mask", "u32", "fingerprint of the mask"),
        Field("values", "u32", "kept values"),
        Field("ticks", "u64", "ticks it took"),
    ),
    "compute mask and initial values; forgets samples and rounds",
)
ROUND = Message(
    "round",
    0x22,
    (
        Field("model", "u32", "first four bytes of INFO's model_sha256"),
        Field("run", "u32", "which federation this is"),
        Field("number", "u32", "of the round, from 1"),
        Field("since", "u32", "latest round of this run known to be trained here; 0: start without residual"),
        Field("task_crc32", "u32", "CRC-32 of the round's TASK"),
        Field("mask", "u32", "fingerprint of the mask that values are packed under"),
        Field("epochs", "u16", "passes over the samples"),
        Field("batch_size", "u16", "samples in a batch"),
        Field("learning_rate", "u32", "bits of a float32"),
        Field("momentum", "u32", "bits of a float32"),
        Field("weight_decay", "u32", "bits of a float32"),
        Field("proximal", "u32", "FedProx's mu: bits of a float32"),
        Field("encoding", "u8", "of the values, both ways: 0 float32, 1 float16, 2 int8"),
        Field("moved", "u8", "1: the task has shifts of batches"),
    ),
    (
        Field("total", "u32", "of the round's TASK"),
        Field("ready", "u8", "1: the task is there"),
        Field("trained", "u8", "1: this very round has been trained, its update is there"),
        Field("residual_round", "u32", "the latest round whose rounding is remembered; 0 for none"),
    ),
    "begin a round, or find it begun",
)
TRAIN = Message(
    "train",
    0x23,
    (Field("number", "u32", "of the round that has begun"),),
    (
        Field("number", "u32", "of the round"),
        Field("loss", "u32", "mean training loss in nats: bits of a float32"),
        Field("samples", "u32", "of the shard"),
        Field("seen", "u32", "epochs times samples"),
        Field("ticks", "u64", "ticks of the training"),
        Field("update_bytes", "u32", "of the update"),
    ),
    "train; a round that is trained already is answered again",
)
EVALUATE = Message(
    "evaluate",
    0x24,
    (),
    (
        Field("samples", "u32", "of the shard"),
        Field("correct", "u32", "of them classified correctly"),
        Field("loss", "u32", "mean: bits of a float32"),
        Field("ticks", "u64", "ticks it took"),
    ),
    "the present values on the board's own samples",
)
MESSAGES = (LEARNER, SEED, ROUND, TRAIN, EVALUATE)

ERRORS = (
    ErrorCode("bad_model", 32, "generated from another description", "first four bytes of the board's model_sha256"),
    ErrorCode("bad_mask", 33, "no mask, or another one than the round's", "fingerprint of the board's mask"),
    ErrorCode("no_shard", 34, "no samples to train on", "samples that it has room for"),
    ErrorCode("bad_round", 35, "not the round that has begun, or an impossible one", "the round that has begun"),
    ErrorCode("incomplete", 36, "the round's task, or values, are not there", "bytes of the task"),
    ErrorCode("bad_size", 37, "more than the memory plan has room for", "positions that a round may have"),
    ErrorCode("bad_values", 38, "NaN, an infinity, or bytes that stand for no number", "minus the runtime's fp_status"),
    ErrorCode("bad_norm", 39, "values longer than any model", "largest norm allowed: bits of a float32"),
    ErrorCode("learner_failed", 40, "the learner did not finish", "minus the runtime's fp_status"),
)
