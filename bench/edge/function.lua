#!lua name=peer

-- The peers' atomic step: a message id seen for the first time goes into the
-- stream.  KEYS: the id's key, the stream.  ARGV: fields and values.

redis.register_function('peer_enqueue', function(keys, argv)
    if not redis.call('SET', keys[1], '1', 'NX', 'EX', 777600) then
        return 0
    end

    redis.call('XADD', keys[2], '*', unpack(argv))

    return 1
end)
