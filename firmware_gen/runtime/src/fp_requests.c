#include "fp_requests.h"

#include <string.h>

#include "fp_bytes.h"
#include "fp_crc32.h"

#define TEXT_BYTES (FP_INFO_REPLY_BOARD_NAME - FP_INFO_REPLY_MODEL_NAME)
#define DIGEST_BYTES (FP_INFO_REPLY_MODEL_NAME - FP_INFO_REPLY_MODEL_SHA256)

#if FP_EXTENDED
static uint16_t supported_flags(const fp_device *device) {
    return device->guard != NULL ? device->guard->flags : 0u;
}
#else
#define supported_flags(device) 0u
#endif

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* Run the model on what lies in the arena, and tell the host beforehand that its request has arrived. */
static fp_link_error run_model(fp_device *device, const fp_frame *request, uint64_t *ticks, fp_reply *reply) {
    const fp_port *port = device->port;
    fp_device_send_working(device, request);
    device->input_filled = 0;
    device->output_valid = false;
    uint64_t start = port->ticks(port->context);
    fp_status status = device->model->invoke(device->arena);
    *ticks = port->ticks(port->context) - start;
    if (status != FP_OK) {
        reply->detail = (uint32_t)-(int32_t)status;
        return FP_LINK_MODEL_FAILED;
    }
    device->counters.inferences++;
    device->counters.last_ticks = *ticks;
    device->output_valid = true;
    return FP_LINK_OK;
}

/* Copy a text into its zeroed field; what does not fit in front of the last byte is cut. */
static void put_text(uint8_t *field, const char *text) {
    for (uint32_t i = 0; i + 1u < TEXT_BYTES && text[i] != '\0'; i++) {
        field[i] = (uint8_t)text[i];
    }
}

static fp_link_error handle_info(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_model *model = device->model;
    uint8_t *to = reply->payload;
    (void)request;
    memset(to, 0, FP_INFO_REPLY_BYTES);
    to[FP_INFO_REPLY_PROTOCOL] = FP_PROTOCOL_VERSION;
    to[FP_INFO_REPLY_MODEL_FORMAT] = FP_MODEL_FORMAT;
    store16_le(to + FP_INFO_REPLY_FLAGS, supported_flags(device));
    store16_le(to + FP_INFO_REPLY_MAX_PAYLOAD, FP_MAX_PAYLOAD);
    store32_le(to + FP_INFO_REPLY_WINDOW, FP_RX_WINDOW);
    store32_le(to + FP_INFO_REPLY_ARENA_BYTES, model->arena_bytes);
    store32_le(to + FP_INFO_REPLY_INPUT_BYTES, model->input_bytes);
    store32_le(to + FP_INFO_REPLY_OUTPUT_BYTES, model->output_bytes);
    store32_le(to + FP_INFO_REPLY_TICK_HZ, device->port->tick_hz);
    store32_le(to + FP_INFO_REPLY_SELFTEST_CRC32, model->selftest_crc32);
    memcpy(to + FP_INFO_REPLY_MODEL_SHA256, model->sha256, DIGEST_BYTES);
    put_text(to + FP_INFO_REPLY_MODEL_NAME, model->name);
    put_text(to + FP_INFO_REPLY_BOARD_NAME, device->port->board);
    to[FP_INFO_REPLY_UNDER_WAY] = FP_REQUESTS_UNDER_WAY;
    reply->length = FP_INFO_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_link_error handle_ping(fp_device *device, const fp_frame *request, fp_reply *reply) {
    (void)device;
    memcpy(reply->payload, request->payload, request->length);
    reply->length = request->length;
    return FP_LINK_OK;
}

static fp_link_error handle_stats(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_device_counters *counters = &device->counters;
    const fp_port *port = device->port;
    uint8_t *to = reply->payload;
    (void)request;
    store32_le(to + FP_STATS_REPLY_FRAMES_OK, counters->frames_ok);
    store32_le(to + FP_STATS_REPLY_CRC_ERRORS, counters->crc_errors);
    store32_le(to + FP_STATS_REPLY_FRAMING_ERRORS, counters->framing_errors);
    store32_le(to + FP_STATS_REPLY_RX_LOST, port->rx_lost(port->context));
    store32_le(to + FP_STATS_REPLY_REPEATS, counters->repeats);
    store32_le(to + FP_STATS_REPLY_REFUSALS, counters->refusals);
    store32_le(to + FP_STATS_REPLY_INFERENCES, counters->inferences);
    store32_le(to + FP_STATS_REPLY_STACK_USED, port->stack_used(port->context));
    store64_le(to + FP_STATS_REPLY_LAST_TICKS, counters->last_ticks);
    store64_le(to + FP_STATS_REPLY_UPTIME_TICKS, port->ticks(port->context) - device->start_ticks);
    reply->length = FP_STATS_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_link_error handle_fault(fp_device *device, const fp_frame *request, fp_reply *reply) {
    static const fp_fault none;
    const fp_fault *fault = device->port->fault != NULL ? device->port->fault : &none;
    uint8_t *to = reply->payload;
    (void)request;
    store32_le(to + FP_FAULT_REPLY_COUNT, fault->count);
    store32_le(to + FP_FAULT_REPLY_EXCEPTION, fault->exception);
    store32_le(to + FP_FAULT_REPLY_STATUS, fault->status);
    store32_le(to + FP_FAULT_REPLY_HARD_STATUS, fault->hard_status);
    store32_le(to + FP_FAULT_REPLY_ADDRESS, fault->address);
    store32_le(to + FP_FAULT_REPLY_PC, fault->pc);
    store32_le(to + FP_FAULT_REPLY_LR, fault->lr);
    store32_le(to + FP_FAULT_REPLY_SP, fault->sp);
    reply->length = FP_FAULT_REPLY_BYTES;
    return FP_LINK_OK;
}

static fp_link_error handle_selftest(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_model *model = device->model;
    uint64_t ticks = 0;
    fp_model_selftest_input(device->arena + model->input_offset, model->input_bytes);
    fp_link_error error = run_model(device, request, &ticks, reply);
    if (error != FP_LINK_OK) {
        return error;
    }
    uint32_t crc = fp_crc32(0, device->arena + model->output_offset, model->output_bytes);
    store64_le(reply->payload + FP_SELFTEST_REPLY_TICKS, ticks);
    store32_le(reply->payload + FP_SELFTEST_REPLY_OUTPUT_CRC32, crc);
    store32_le(reply->payload + FP_SELFTEST_REPLY_EXPECTED_CRC32, model->selftest_crc32);
    reply->length = FP_SELFTEST_REPLY_BYTES;
    return FP_LINK_OK;
}

/* Copy `offset | chunk` into the input. Chunks may repeat or overlap what is there, but not leave a gap. */
static fp_link_error write_input(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_model *model = device->model;
    uint32_t offset = load32_le(request->payload + FP_INPUT_REQUEST_OFFSET);
    uint32_t length = request->length - FP_INPUT_REQUEST_BYTES;
    if (offset > model->input_bytes || length > model->input_bytes - offset) {
        reply->detail = model->input_bytes;
        return FP_LINK_BAD_OFFSET;
    }
    if (offset > device->input_filled) {
        reply->detail = device->input_filled;
        return FP_LINK_BAD_STATE;
    }
    /* The planner may have laid the input over the output of the run before. */
    device->output_valid = false;
    memcpy(device->arena + model->input_offset + offset, request->payload + FP_INPUT_REQUEST_CHUNK, length);
    device->input_filled = offset + length;
    return FP_LINK_OK;
}

static fp_link_error handle_input(fp_device *device, const fp_frame *request, fp_reply *reply) {
    fp_link_error error = write_input(device, request, reply);
    store32_le(reply->payload + FP_INPUT_REPLY_FILLED, device->input_filled);
    reply->length = FP_INPUT_REPLY_BYTES;
    return error;
}

static fp_link_error handle_infer(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_model *model = device->model;
    uint64_t ticks = 0;
    fp_link_error error = write_input(device, request, reply);
    if (error == FP_LINK_OK && device->input_filled < model->input_bytes) {
        reply->detail = device->input_filled;
        error = FP_LINK_BAD_STATE;
    }
    if (error == FP_LINK_OK) {
        error = run_model(device, request, &ticks, reply);
    }
    if (error != FP_LINK_OK) {
        return error;
    }
    uint32_t length = smaller(model->output_bytes, reply->room - FP_INFER_REPLY_BYTES);
    store64_le(reply->payload + FP_INFER_REPLY_TICKS, ticks);
    memcpy(reply->payload + FP_INFER_REPLY_OUTPUT, device->arena + model->output_offset, length);
    reply->length = (uint16_t)(FP_INFER_REPLY_BYTES + length);
    return FP_LINK_OK;
}

static fp_link_error handle_output(fp_device *device, const fp_frame *request, fp_reply *reply) {
    const fp_model *model = device->model;
    uint32_t offset = load32_le(request->payload + FP_OUTPUT_REQUEST_OFFSET);
    uint32_t length = load16_le(request->payload + FP_OUTPUT_REQUEST_LENGTH);
    if (!device->output_valid) {
        reply->detail = device->input_filled;
        return FP_LINK_BAD_STATE;
    }
    if (length > reply->room) {
        reply->detail = reply->room;
        return FP_LINK_BAD_LENGTH;
    }
    if (offset > model->output_bytes || length > model->output_bytes - offset) {
        reply->detail = model->output_bytes;
        return FP_LINK_BAD_OFFSET;
    }
    memcpy(reply->payload, device->arena + model->output_offset + offset, length);
    reply->length = (uint16_t)length;
    return FP_LINK_OK;
}

static const fp_route basic_routes[] = {
    FP_ROUTE(INFO, handle_info),
    FP_ROUTE(PING, handle_ping),
    FP_ROUTE(STATS, handle_stats),
    FP_ROUTE(FAULT, handle_fault),
};

static const fp_route model_routes[] = {
    FP_ROUTE(SELFTEST, handle_selftest),
    FP_ROUTE(INPUT, handle_input),
    FP_ROUTE(INFER, handle_infer),
    FP_ROUTE(OUTPUT, handle_output),
};

static const fp_route *find_route(const fp_route *routes, size_t count, uint8_t type) {
    for (size_t i = 0; i < count; i++) {
        if (routes[i].type == type) {
            return &routes[i];
        }
    }
    return NULL;
}

/* The route for a type, and the context of its service. */
static const fp_route *find_service(const fp_device *device, uint8_t type, void **context) {
    const fp_route *route = find_route(basic_routes, sizeof basic_routes / sizeof basic_routes[0], type);
    if (route == NULL && device->model->invoke != NULL) {
        route = find_route(model_routes, sizeof model_routes / sizeof model_routes[0], type);
    }
#if FP_EXTENDED
    for (uint32_t i = 0; route == NULL && i < device->service_count; i++) {
        *context = device->services[i].context;
        route = find_route(device->services[i].routes, device->services[i].count, type);
    }
#else
    (void)context;
#endif
    return route;
}

fp_link_error fp_request_admit(fp_device *device, fp_frame *request, uint32_t *detail) {
    (void)device;
    if (request->version != FP_PROTOCOL_VERSION) {
        *detail = FP_PROTOCOL_VERSION;
        return FP_LINK_BAD_VERSION;
    }
    if ((request->flags & ~supported_flags(device)) != 0) {
        *detail = supported_flags(device);
        return FP_LINK_BAD_FLAGS;
    }
#if FP_EXTENDED
    if (device->guard != NULL) {
        return device->guard->open(device->guard_context, request, detail);
    }
#endif
    return FP_LINK_OK;
}

fp_link_error fp_request_handle(fp_device *device, fp_frame *request, fp_reply *reply) {
#if !FP_EXTENDED
    fp_link_error error = fp_request_admit(device, request, &reply->detail);
    if (error != FP_LINK_OK) {
        return error;
    }
#endif
    const fp_route *route = find_service(device, request->type, &reply->context);
    if (route == NULL) {
        reply->detail = request->type;
        return FP_LINK_UNKNOWN_TYPE;
    }
    if (request->length < route->shortest || request->length > route->longest) {
        reply->detail = request->length < route->shortest ? route->shortest : route->longest;
        return FP_LINK_BAD_LENGTH;
    }
    return route->handle(device, request, reply);
}
