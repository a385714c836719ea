-- The OpenResty-style edge, as good as we can write it.  The HMAC key is set
-- once and the context re-used; Redis is asked either over a pool of kept
-- connections (pool) or over one connection per nginx worker that carries
-- whatever waits as one pipeline (batch).

local ffi = require "ffi"
local cjson = require "cjson.safe"
local redis = require "nginx.redis"
local semaphore = require "ngx.semaphore"
local to_hex = require("nginx.string").to_hex

ffi.cdef [[
typedef struct hmac_ctx_st HMAC_CTX;
typedef struct evp_md_st EVP_MD;
typedef struct engine_st ENGINE;
HMAC_CTX *HMAC_CTX_new(void);
const EVP_MD *EVP_sha256(void);
int HMAC_Init_ex(HMAC_CTX *c, const void *key, int len, const EVP_MD *md,
    ENGINE *e);
int HMAC_Update(HMAC_CTX *c, const char *bytes, size_t len);
int HMAC_Final(HMAC_CTX *c, unsigned char *mac, unsigned int *len);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]]

local C = ffi.C
local _M = {}

local secret = "0123456789abcdef0123456789abcdef"
local context = C.HMAC_CTX_new()
local mac = ffi.new("unsigned char[32]")

assert(C.HMAC_Init_ex(context, secret, #secret, C.EVP_sha256(), nil) == 1)


local function authentic(body, signature)
    if not signature or #signature ~= 71 then
        return false
    end

    C.HMAC_Init_ex(context, nil, 0, nil, nil)
    C.HMAC_Update(context, body, #body)
    C.HMAC_Final(context, mac, nil)

    local want = "sha256=" .. to_hex(ffi.string(mac, 32))

    return C.CRYPTO_memcmp(want, signature, 71) == 0
end


function _M.pool(command)
    local r = redis:new()
    r:set_timeout(5000)

    if not r:connect(_M.redis) then
        return false
    end

    local answer = r:fcall(unpack(command))
    r:set_keepalive(60000, 1024)

    return type(answer) == "number"
end


local waiting, bell, pumping = {}, nil, false


local function pump()
    local r = redis:new()
    assert(r:connect(_M.redis))

    while not ngx.worker.exiting() do
        if #waiting == 0 then
            bell:wait(1)
        end

        local batch = waiting

        if #batch > 0 then
            waiting = {}
            r:init_pipeline(#batch)

            for i = 1, #batch do
                r:fcall(unpack(batch[i].command))
            end

            local answers = r:commit_pipeline() or {}

            for i = 1, #batch do
                batch[i].answer = answers[i]
                batch[i].done:post(1)
            end
        end
    end
end


function _M.batch(command)
    if not pumping then
        pumping = true
        bell = semaphore.new()
        ngx.timer.at(0, pump)
    end

    local one = { command = command, done = semaphore.new() }
    waiting[#waiting + 1] = one

    if #waiting == 1 then
        bell:post(1)
    end

    one.done:wait(5)

    return type(one.answer) == "number"
end


local function enqueue(value)
    local contact = value.contacts and value.contacts[1]
    local name = contact and contact.profile and contact.profile.name or ""

    for _, m in ipairs(value.messages or {}) do
        local command = { "peer_enqueue", 2, "seen:" .. m.id, "cx:in",
            "ch", "whatsapp", "id", m.id, "from", m.from,
            "to", value.metadata.phone_number_id, "name", name,
            "ts", m.timestamp, "type", m.type,
            "text", m.text and m.text.body or "" }

        if not _M.store(command) then
            return false
        end
    end

    return true
end


function _M.webhook()
    ngx.req.read_body()

    local body = ngx.req.get_body_data()

    if not body or not authentic(body, ngx.var.http_x_hub_signature_256) then
        return ngx.exit(401)
    end

    local document = cjson.decode(body)

    if not document or not document.entry then
        return ngx.exit(400)
    end

    for _, entry in ipairs(document.entry) do
        for _, change in ipairs(entry.changes) do
            if not enqueue(change.value) then
                return ngx.exit(503)
            end
        end
    end

    ngx.header["Content-Length"] = 2
    ngx.print("ok")
end


return _M
