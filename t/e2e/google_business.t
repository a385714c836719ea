# Business Messages, which Google has closed: what an archive still delivers is
# verified and recorded, nothing is sent, and that is said in words.

use strict;
use warnings;

use Connext;
use Connext::Process qw(read_file write_file);
use Connext::Sample qw(json);
use Test::More;

my $AGENT = 'brands/1/agents/2';
my $cx = Connext->new(http => <<'_END', location => <<'_END');
    connext_channel gbm {
        type         google_business;
        secret_file  DIR/client_token;
    }
_END
        location = /hooks/gbm {
            connext_webhook  gbm;
            connext_pass     unix:DIR/redis.sock;
            add_header       X-Connext-Event $connext_event_id;
        }
_END
s/DIR/$cx->dir/ge for @$cx{qw(http location)};
write_file($cx->path('client_token'), "canary-client-token\n", 0600);

$cx->start(qw(redis nginx double worker));
$cx->set_up(channel => {
    type => 'google_business', name => 'gbm', account => $AGENT,
    base_url => "http://127.0.0.1:$cx->{double_port}" });


sub simulate {
    my (@args) = @_;

    return $cx->ctl('simulate', 'google_business', '--channel', 'gbm',
                    '--secret-file', $cx->path('client_token'), @args);
}


sub conversation {
    my ($c) = @{$cx->api('GET', '/api/v1/conversations')->{data}};
    return $c;
}


sub messages {
    my $c = conversation() or return;
    return @{$cx->api('GET', "/api/v1/conversations/$c->{id}/messages")
             ->{data}};
}


my $closed = qr/Google closed Business Messages on 31 July 2024/;
like(read_file($cx->path('logs/error.log')), $closed, 'nginx says so');

my ($rc, $out) = simulate('--verify-token-file',
                                $cx->path('client_token'));
is($rc, 0, 'the handshake');

($rc, $out) = simulate('--text', 'When is check-out?', '--wait');
is($rc, 0, 'a message is taken');
like($out, $closed, '... and it is said that none can be answered');
ok($cx->wait_for(10, sub { messages() == 1 }), '... it is recorded');
my ($m) = messages();
is("$m->{content} $m->{text}", 'text When is check-out?', '... as it is');
is($m->{turn}, undef, '... and nobody is to answer');

simulate('--type', 'suggestion', '--of', 'mm-1');
ok($cx->wait_for(10, sub { messages() == 2 }), 'a suggestion');
is((simulate('--type', 'typing'))[0], 0, 'typing is accepted');
is((simulate('--status', 'read', '--of', 'mm-1'))[0], 0, 'a receipt, too');
is((simulate('--bad-signature'))[0], 0, 'a wrong signature is not');
is((simulate('--no-signature'))[0], 0, 'nor none');

my $c = conversation();
my $res = $cx->api_raw('worker', 'POST',
                       "/api/v1/conversations/$c->{id}/messages",
                       json()->encode({ text => 'Hello' }));
is($res->{status}, 409, 'nothing can be sent');
like($res->{body}, $closed, '... in the same words');

is(scalar($cx->ledger), 0, 'and nothing was');
is(scalar(@{$cx->api('GET', "/api/v1/$_")->{data}}), 0, "no $_")
    for qw(reviews dead-letters);

$cx->finish;
done_testing();
