-- wrk's script: sends the ready requests of PREFIX.bin one after another
-- (mapped, not copied).  wrk ... -s load.lua URL -- PREFIX [FIRST-N-ONLY]

local ffi = require "ffi"

ffi.cdef [[
int open(const char *path, int flags);
long lseek(int fd, long offset, int whence);
void *mmap(void *addr, size_t length, int prot, int flags, int fd, long at);
]]

local READ, PRIVATE, SEEK_END = 1, 2, 2


local function map(path)
    local fd = ffi.C.open(path, 0)
    assert(fd >= 0, path)
    local size = tonumber(ffi.C.lseek(fd, 0, SEEK_END))
    return ffi.C.mmap(nil, size, READ, PRIVATE, fd, 0), size
end


function init(args)
    local bytes, offsets, size
    bytes = map(args[1] .. ".bin")
    offsets, size = map(args[1] .. ".idx")
    data = ffi.cast("const char *", bytes)
    at = ffi.cast("const uint64_t *", offsets)
    count = size / 8 - 1
    local limit = tonumber(args[2] or 0)
    if limit > 0 and limit < count then
        count = limit
    end
    turn = 0
end


function request()
    local from, to = at[turn], at[turn + 1]
    turn = turn + 1
    if turn == count then
        turn = 0
    end
    return ffi.string(data + from, tonumber(to - from))
end


function done(summary, latency)
    local e = summary.errors
    io.write(string.format("RESULT n=%d us=%d p50=%.0f p99=%.0f max=%.0f " ..
        "refused=%d broken=%d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99), latency.max,
        e.status, e.connect + e.read + e.write + e.timeout))
end
