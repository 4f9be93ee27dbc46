#include "fp_transfer.h"

#include <string.h>

#include "fp_bytes.h"
#include "fp_crc32.h"
#include "fp_device.h"

#define CRC_PIECE 64u
#define CHUNKS_BEYOND 32u

void fp_transfer_init(fp_transfer *transfer, const fp_transfer_store *store) {
    memset(transfer, 0, sizeof *transfer);
    transfer->store = store;
}

void fp_transfer_abandon(fp_transfer *transfer) {
    transfer->state = FP_TRANSFER_NONE;
}

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* Bytes from the start without a gap. No overflow: `first_missing` chunks lie within `bytes`, the last one cut. */
static uint32_t present(const fp_transfer *transfer) {
    uint32_t whole = transfer->content.bytes / transfer->chunk_bytes;
    return transfer->first_missing > whole ? transfer->content.bytes : transfer->first_missing * transfer->chunk_bytes;
}

static uint32_t crc_of_content(const fp_transfer *transfer) {
    uint8_t piece[CRC_PIECE];
    uint32_t crc = 0;
    for (uint32_t offset = 0; offset < transfer->content.bytes;) {
        uint32_t length = smaller(transfer->content.bytes - offset, CRC_PIECE);
        transfer->store->read(transfer->store->context, offset, piece, length);
        crc = fp_crc32(crc, piece, length);
        offset += length;
    }
    return crc;
}

static bool is_same(const fp_transfer_content *a, const fp_transfer_content *b) {
    return a->kind == b->kind && a->item == b->item && a->bytes == b->bytes && a->crc32 == b->crc32;
}

static void start(fp_transfer *transfer, const fp_transfer_content *content, fp_transfer_state state) {
    transfer->content = *content;
    transfer->state = state;
    transfer->first_missing = 0;
    transfer->beyond = 0;
}

static fp_link_error handle_put_begin(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_transfer *transfer = (fp_transfer *)reply->context;
    const uint8_t *from = request->payload;
    fp_transfer_content content = {.kind = from[FP_PUT_BEGIN_REQUEST_KIND],
                                   .item = load32_le(from + FP_PUT_BEGIN_REQUEST_ITEM),
                                   .bytes = load32_le(from + FP_PUT_BEGIN_REQUEST_TOTAL),
                                   .crc32 = load32_le(from + FP_PUT_BEGIN_REQUEST_CRC32),
                                   .is_put = true};
    uint16_t chunk_bytes = load16_le(from + FP_PUT_BEGIN_REQUEST_CHUNK_BYTES);
    (void)device;
    if (chunk_bytes == 0 || chunk_bytes > FP_MAX_PAYLOAD - FP_PUT_CHUNK_REQUEST_BYTES) {
        reply->detail = FP_MAX_PAYLOAD - FP_PUT_CHUNK_REQUEST_BYTES;
        return FP_LINK_BAD_LENGTH;
    }
    bool goes_on = transfer->state == FP_TRANSFER_PUT && is_same(&transfer->content, &content) &&
                   transfer->chunk_bytes == chunk_bytes;
    if (!goes_on) {
        transfer->state = FP_TRANSFER_NONE;
        fp_link_error error = transfer->store->begin(transfer->store->context, &content, &reply->detail);
        if (error != FP_LINK_OK) {
            return error;
        }
        transfer->chunk_bytes = chunk_bytes;
        start(transfer, &content, FP_TRANSFER_PUT);
    }
    store32_le(reply->payload + FP_PUT_BEGIN_REPLY_PRESENT, present(transfer));
    store32_le(reply->payload + FP_PUT_BEGIN_REPLY_BEYOND, transfer->beyond);
    reply->length = FP_PUT_BEGIN_REPLY_BYTES;
    return FP_LINK_OK;
}

/* Note that the chunk has come; returns whether it is a new one. */
static bool mark(fp_transfer *transfer, uint32_t chunk) {
    uint32_t bit = chunk - transfer->first_missing - 1u;
    if (chunk < transfer->first_missing || (chunk > transfer->first_missing && (transfer->beyond >> bit & 1u) != 0)) {
        return false;
    }
    if (chunk > transfer->first_missing) {
        transfer->beyond |= 1u << bit;
        return true;
    }
    transfer->first_missing++;
    while ((transfer->beyond & 1u) != 0) {
        transfer->beyond >>= 1;
        transfer->first_missing++;
    }
    transfer->beyond >>= 1; /* the bit of what is now the first missing one */
    return true;
}

static fp_link_error handle_put_chunk(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_transfer *transfer = (fp_transfer *)reply->context;
    uint32_t offset = load32_le(request->payload + FP_PUT_CHUNK_REQUEST_OFFSET);
    uint32_t length = request->length - FP_PUT_CHUNK_REQUEST_BYTES;
    (void)device;
    if (transfer->state != FP_TRANSFER_PUT) {
        return FP_LINK_BAD_STATE;
    }
    if (offset >= transfer->content.bytes || offset % transfer->chunk_bytes != 0) {
        reply->detail = transfer->content.bytes;
        return FP_LINK_BAD_OFFSET;
    }
    uint32_t expected = smaller(transfer->chunk_bytes, transfer->content.bytes - offset);
    if (length != expected) {
        reply->detail = expected + FP_PUT_CHUNK_REQUEST_BYTES;
        return FP_LINK_BAD_LENGTH;
    }
    uint32_t chunk = offset / transfer->chunk_bytes;
    if (chunk > transfer->first_missing && chunk - transfer->first_missing > CHUNKS_BEYOND) {
        reply->detail = present(transfer);
        return FP_LINK_BAD_STATE;
    }
    if (mark(transfer, chunk)) {
        const uint8_t *bytes = request->payload + FP_PUT_CHUNK_REQUEST_CHUNK;
        transfer->store->write(transfer->store->context, offset, bytes, length);
    }
    store32_le(reply->payload + FP_PUT_CHUNK_REPLY_PRESENT, present(transfer));
    reply->length = FP_PUT_CHUNK_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_link_error handle_put_end(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_transfer *transfer = (fp_transfer *)reply->context;
    const fp_transfer_content *content = &transfer->content;
    if (transfer->state != FP_TRANSFER_PUT ||
        content->crc32 != load32_le(request->payload + FP_PUT_END_REQUEST_CRC32) ||
        present(transfer) != content->bytes) {
        reply->detail = transfer->state == FP_TRANSFER_PUT ? present(transfer) : 0;
        return FP_LINK_BAD_STATE;
    }
    fp_device_send_working(device, request);
    uint32_t crc = crc_of_content(transfer);
    if (crc != content->crc32) {
        start(transfer, content, FP_TRANSFER_PUT);
        reply->detail = crc;
        return FP_LINK_BAD_CRC;
    }
    transfer->state = FP_TRANSFER_NONE;
    fp_link_error error = transfer->store->commit(transfer->store->context, content, &reply->detail);
    if (error != FP_LINK_OK) {
        return error;
    }
    transfer->state = FP_TRANSFER_DONE;
    store32_le(reply->payload + FP_PUT_END_REPLY_TOTAL, content->bytes);
    reply->length = FP_PUT_END_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_link_error handle_get_begin(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_transfer *transfer = (fp_transfer *)reply->context;
    const uint8_t *from = request->payload;
    fp_transfer_content content = {.kind = from[FP_GET_BEGIN_REQUEST_KIND],
                                   .item = load32_le(from + FP_GET_BEGIN_REQUEST_ITEM)};
    transfer->state = FP_TRANSFER_NONE;
    fp_device_send_working(device, request);
    fp_link_error error = transfer->store->begin(transfer->store->context, &content, &reply->detail);
    if (error != FP_LINK_OK) {
        return error;
    }
    transfer->chunk_bytes = 1;
    start(transfer, &content, FP_TRANSFER_GET);
    transfer->content.crc32 = crc_of_content(transfer);
    store32_le(reply->payload + FP_GET_BEGIN_REPLY_TOTAL, content.bytes);
    store32_le(reply->payload + FP_GET_BEGIN_REPLY_CRC32, transfer->content.crc32);
    reply->length = FP_GET_BEGIN_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_link_error handle_get_chunk(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_transfer *transfer = (fp_transfer *)reply->context;
    uint32_t offset = load32_le(request->payload + FP_GET_CHUNK_REQUEST_OFFSET);
    uint32_t length = load16_le(request->payload + FP_GET_CHUNK_REQUEST_LENGTH);
    (void)device;
    if (transfer->state != FP_TRANSFER_GET) {
        return FP_LINK_BAD_STATE;
    }
    if (length > reply->room) {
        reply->detail = reply->room;
        return FP_LINK_BAD_LENGTH;
    }
    if (offset > transfer->content.bytes || length > transfer->content.bytes - offset) {
        reply->detail = transfer->content.bytes;
        return FP_LINK_BAD_OFFSET;
    }
    transfer->store->read(transfer->store->context, offset, reply->payload, length);
    reply->length = (uint16_t)length;
    return FP_LINK_OK;
}

static fp_link_error handle_status(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_transfer *transfer = (const fp_transfer *)reply->context;
    uint8_t *to = reply->payload;
    (void)device;
    (void)request;
    memset(to, 0, FP_TRANSFER_STATUS_REPLY_BYTES);
    to[FP_TRANSFER_STATUS_REPLY_STATE] = (uint8_t)transfer->state;
    if (transfer->state != FP_TRANSFER_NONE) {
        bool is_put = transfer->state != FP_TRANSFER_GET;
        to[FP_TRANSFER_STATUS_REPLY_KIND] = transfer->content.kind;
        store32_le(to + FP_TRANSFER_STATUS_REPLY_ITEM, transfer->content.item);
        store32_le(to + FP_TRANSFER_STATUS_REPLY_TOTAL, transfer->content.bytes);
        store32_le(to + FP_TRANSFER_STATUS_REPLY_CRC32, transfer->content.crc32);
        store32_le(to + FP_TRANSFER_STATUS_REPLY_PRESENT, is_put ? present(transfer) : transfer->content.bytes);
        store32_le(to + FP_TRANSFER_STATUS_REPLY_BEYOND, transfer->beyond);
    }
    reply->length = FP_TRANSFER_STATUS_REPLY_BYTES;
    return FP_LINK_OK;
}

static const fp_route routes[] = {
    FP_ROUTE(PUT_BEGIN, handle_put_begin), FP_ROUTE(PUT_CHUNK, handle_put_chunk),
    FP_ROUTE(PUT_END, handle_put_end),     FP_ROUTE(GET_BEGIN, handle_get_begin),
    FP_ROUTE(GET_CHUNK, handle_get_chunk), FP_ROUTE(TRANSFER_STATUS, handle_status),
};

fp_service fp_transfer_service(fp_transfer *transfer) {
    return (fp_service){.routes = routes, .count = sizeof routes / sizeof routes[0], .context = transfer};
}
