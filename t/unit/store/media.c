#include "unit/store/fixture.h"


static cx_media_row
wanted(int64_t message, unsigned partition)
{
    return (cx_media_row) {
        .id = fx_next(), .message_id = message, .channel_id = CHANNEL,
        .partition = partition, .ref_id = CX_STR("m-1"),
        .ref_url = CX_STR("https://files.example/1"),
        .name = CX_STR("a.jpg"), .mime = CX_STR("image/jpeg"),
        .created_at = T0,
    };
}


static size_t
due(fixture *f, uint64_t mask, int64_t now)
{
    cx_media_list  list = { 0 };

    return cx_store_media_due(f->s, mask, now, 10, f->a, &list) == CX_OK
           ? list.n : 99;
}


int
main(void)
{
    fixture        f;
    int64_t        message;
    cx_media_row   row, settled;
    cx_media_list  list = { 0 };

    fx_open(&f);
    message = fx_taken(&f, "anna", "wamid.1", "look", T0).message_id;

    row = wanted(message, 5);
    tap_is_int(TX(f.s, cx_store_media_add(f.s, &row)), CX_OK, "wanted");
    row = wanted(message, 63);
    tap_is_int(TX(f.s, cx_store_media_add(f.s, &row)), CX_OK, "another");

    tap_is_int((int64_t) due(&f, UINT64_C(1) << 5, T0), 1, "of our partition");
    tap_is_int((int64_t) due(&f, UINT64_C(1) << 63, T0), 1, "of the last one");
    tap_is_int((int64_t) due(&f, UINT64_C(1) << 62, T0), 0, "not of others");
    tap_is_int((int64_t) due(&f, UINT64_MAX, T0), 2, "of all");

    settled = (cx_media_row) { .id = row.id, .state = CX_MEDIA_WANTED,
                               .not_before = T0 + 5000,
                               .error_text = CX_STR("later"),
                               .updated_at = T0 };
    tap_is_int(TX(f.s, cx_store_media_settle(f.s, &settled)), CX_OK,
               "put off");
    tap_is_int((int64_t) due(&f, UINT64_MAX, T0 + 4999), 1, "not yet");
    tap_is_int((int64_t) due(&f, UINT64_MAX, T0 + 5000), 2, "now");

    settled = (cx_media_row) { .id = row.id, .state = CX_MEDIA_STORED,
                               .size = 4711, .sha256 = CX_STR("ab"),
                               .type = CX_STR("image/png"),
                               .place = CX_STR("ab/abcd"),
                               .updated_at = T0 + 1 };
    tap_is_int(TX(f.s, cx_store_media_settle(f.s, &settled)), CX_OK, "stored");
    tap_is_int(TX(f.s, cx_store_media_settle(f.s, &settled)), CX_STALE,
               "only once");
    tap_is_int((int64_t) due(&f, UINT64_MAX, T0 + 9999), 1, "no longer due");

    tap_is_int(cx_store_media(f.s, row.id, f.a, &row), CX_OK, "read");
    tap_is_int(row.size, 4711, "its size");
    tap_is_int(row.attempts, 2, "its attempts");
    tap_is_str(row.place, CX_STR("ab/abcd"), "where it lies");
    tap_is_str(row.name, CX_STR("a.jpg"), "how it was called");
    tap_is_int(cx_store_media(f.s, 1, f.a, &row), CX_NOT_FOUND, "no such one");

    tap_is_int(cx_store_media_of(f.s, message, f.a, &list), CX_OK,
               "of a message");
    tap_is_int((int64_t) list.n, 2, "both");
    tap_is_int(list.items[1].state, CX_MEDIA_STORED, "in their order");

    fx_close(&f);
    return tap_done();
}
