# A customer is erased: nothing of them is found afterwards, in no file, and
# nothing that was under way brings them back.  Their neighbour stays.

use strict;
use warnings;

use Connext;
use Connext::Process qw(free_port read_file);
use Connext::Sample qw(delivery json text_message);
use Test::More;
use Time::HiRes qw(time);

my ($lib) = $INC{'Connext.pm'} =~ m{^(.*)/};
my $ann = '16505554821';
my $bob = '16505559999';
my $canary = qr/CANARY|6505554821|Canary Name/;
my $cx = Connext->new(worker => { 'media.allow_private' => 'on',
                                  'worker.quiet_ms' => 50 },
                      double => ['--statuses', 'none']);
my $files = free_port();
my $n = 0;


sub say_it {
    my ($from, $text, %m) = @_;

    $n++;
    return $cx->post(delivery(name => $from eq $ann ? 'Canary Name' : 'Bob',
        messages => [text_message(from => $from, id => "wamid.$n",
                                  text => $text)], %m));
}


sub picture {
    my ($from, $path) = @_;

    $n++;
    my $id = join '~', substr($path =~ tr{/}{-}r, 1), $n;
    $cx->post(delivery(name => $from eq $ann ? 'Canary Name' : 'Bob',
        messages => [{ from => $from, id => "wamid.$n",
                       timestamp => '' . int time, type => 'image',
                       image => { id => $id, mime_type => 'image/png',
                                  sha256 => 'x',
                                  caption => $from eq $ann ? 'CANARY'
                                                           : 'Look' } }]));
}


sub customers { return @{$cx->api('GET', '/api/v1/customers')->{data}} }


sub talk_of {
    my ($from) = @_;

    my ($c) = grep { ($_->{phone_masked} // '') =~ /\Q${\substr $from, -4}\E$/ }
              @{$cx->api('GET', '/api/v1/conversations')->{data}};
    return $c;
}


sub messages_of {
    my ($from) = @_;

    my $c = talk_of($from) or return 0;
    return $c->{messages};
}


sub stored { return grep { -f } glob $cx->path('media/*/*/*') }


$cx->launch('files', [$^X, "$lib/files.pl", $files, $cx->path('files')]);
$cx->start(qw(redis nginx double worker));
$cx->set_up(provider => 'openai',
            channel => { base_url => "http://127.0.0.1:$files/graph" });

# --- a customer with everything ----------------------------------------------

say_it($ann, 'CANARY question');
say_it($bob, 'Is there parking?');
picture($ann, '/png');
picture($bob, '/png');
picture($ann, '/bytes/4321');
ok($cx->wait_for(20, sub { messages_of($ann) >= 3 && messages_of($bob) >= 2 }),
   'two customers');
ok($cx->wait_for(20, sub { stored() == 2 }), 'two pictures, one of both');

# A draft that waits, a send that fails.
$cx->api('PATCH', '/api/v1/agents/desk', { threshold => 1 });
say_it($ann, 'CANARY for a person');
ok($cx->wait_for(20, sub {
       @{$cx->api('GET', '/api/v1/reviews')->{data}} > 0;
   }), 'a draft');
$cx->api('PATCH', '/api/v1/channels/wa-main', { agent => undef });

# Ten thousand messages, many a delivery.
for my $i (1 .. 50) {
    $cx->post(delivery(name => 'Canary Name', messages => [
        map { text_message(from => $ann, id => "wamid.m$i.$_",
                           text => "CANARY message $i $_") } 1 .. 200 ]));
}
ok($cx->wait_for(120, sub { messages_of($ann) >= 10_000 }),
   'ten thousand messages');
my $theirs = talk_of($ann)->{customer};
my $neighbour = messages_of($bob);

# --- what they may have ------------------------------------------------------

my $tar = $cx->path('ann.tar');
open my $out, '>', $tar or die;
{
    local $ENV{CONNEXT_URL} = 'unix:' . $cx->path('worker.sock');
    open my $in, '-|', "$Connext::BUILD/connextctl", 'customers', 'export',
         $theirs or die;
    print $out $_ while <$in>;
    close $in;
    is($? >> 8, 0, 'an export');
}
close $out;
my @names = split /\n/, `tar tf $tar 2>&1`;
is(scalar(grep { m{^$theirs/(?:README\.txt|customer\.json
       |(?:conversations|messages|reviews|labels|media)\.jsonl)$}x } @names), 7,
   'all parts') or diag("@names");
is(scalar(grep { m{/media/} } @names), 2, 'and both pictures');
my @lines = split /\n/, `tar xOf $tar $theirs/messages.jsonl`;
cmp_ok(scalar(@lines), '>=', 10_000, 'every message, a line each');
is(scalar(grep { !eval { json()->decode($_) } } @lines), 0, 'all JSON');
like(`tar xOf $tar $theirs/customer.json`, qr/$ann/, 'with the number');
unlike(join('', @lines), qr/parking/, 'and nothing of the neighbour');
unlink $tar;

my ($code, $said) = $cx->ctl('-o', 'json', 'customers', 'reveal', $theirs);
like($said, qr/$ann/, 'a number is revealed');

# --- what is under way -------------------------------------------------------

# An event that was written before, and is read again later.
$cx->stop('worker');
say_it($ann, 'CANARY read twice');
my ($key) = grep { $cx->redis('XLEN', $_) > 0 }
            map { sprintf 'cx:{p%02d}:in', $_ } 0 .. 63;
my @entry = @{$cx->redis('XRANGE', $key, '-', '+')->[0][1]};

# This worker has one partition of 64: that entry, and what comes now, stays
# in its stream.
$cx->{conf}{'worker.partitions'} = 1;
$cx->start('worker');
say_it($ann, 'CANARY still in a stream') for 1 .. 3;
my $waiting = $cx->redis('XLEN', $key);
diag("$waiting entries wait in $key") if $waiting != 4;

my $began = time;
($code, $said) = $cx->ctl('customers', 'erase', $theirs);
is($code, 6, 'it asks first');
$began = time;
($code, $said) = $cx->ctl('--yes', 'customers', 'erase', $theirs);
my $took = time - $began;
is($code, 0, 'erased') or diag($said);
my $receipt = json()->decode($said);
cmp_ok($took, '<', 2 * Connext::Process::slow(), 'in less than two seconds');
diag(sprintf 'erased in %.0f ms', 1000 * $took);
cmp_ok($receipt->{counts}{messages}, '>=', 10_000, 'the receipt counts');
is($receipt->{counts}{files}, 1, 'one file is unlinked');
is($receipt->{counts}{customers}, 1, 'one customer');
is($receipt->{counts}{redis_entries}, $waiting, 'what waited in Redis');
ok($receipt->{counts}{redis}, 'all of Redis was looked at');
like($receipt->{digest}, qr/^[0-9a-f]{64}$/, 'a digest');
unlike($said, $canary, 'and nothing of them');
is($cx->redis('XLEN', $key), 0, 'their stream is empty');

# It is read again, as after a crash; and once more by a worker of everything.
$cx->redis('XADD', $key, '*', @entry);
$cx->stop('worker');
$cx->{conf}{'worker.partitions'} = 64;
$cx->start('worker');
ok($cx->wait_for(20, sub { $cx->count('in') == 0 }), 'it is read again');
is(talk_of($ann), undef, '... and does not bring them back');
is(messages_of($bob), $neighbour, 'the neighbour is as before');
is(scalar(stored()), 1, '... with the picture');
is(scalar(grep { $_->{id} eq $theirs } customers()), 0, 'no such customer');
is($cx->api_raw('worker', 'GET', "/api/v1/customers/$theirs")->{status}, 404,
   'not found');
($code) = $cx->ctl('--yes', 'customers', 'erase', $theirs);
is($code, 5, 'nor a second time');
my ($kept) = @{$cx->api('GET', '/api/v1/erasures')->{data}};
is($kept->{digest}, $receipt->{digest}, 'the receipt is kept');
my @audit = map { $_->{what} }
            @{$cx->api('GET', "/api/v1/audit?ref=$theirs")->{data}};
is("@audit", 'customer.erase customer.reveal phone customer.export',
   'the audit has it all');

# --- while the AI thinks -----------------------------------------------------

sub directories {
    return scalar(() = $cx->logs =~ /"msg":"directory"/g);
}

my $read = directories();
$cx->api('PATCH', '/api/v1/agents/desk', { threshold => 0 });
ok($cx->wait_for(10, sub { directories() > $read }), 'it is in force');
$read = directories();
$cx->api('PATCH', '/api/v1/channels/wa-main', { agent => 'desk' });
ok($cx->wait_for(10, sub { directories() > $read }), '... and that');
$cx->script({ match => { kind => 'model' }, times => 1,
              do => { delay_ms => 1500 } });
my $models = $cx->double('GET', '/_/counts')->{models};
say_it($ann, 'CANARY thought about');
ok($cx->wait_for(10, sub {
       $cx->double('GET', '/_/counts')->{models} > $models;
   }), 'the AI thinks');
my ($again) = grep { $_->{id} ne talk_of($bob)->{customer} } customers();
$cx->api('DELETE', "/api/v1/customers/$again->{id}");
say_it($bob, 'And breakfast?');
ok($cx->wait_for(20, sub { messages_of($bob) >= $neighbour + 2 }),
   'the neighbour is answered meanwhile');
is(talk_of($ann), undef, 'nobody else is');

# --- nothing is left ---------------------------------------------------------

sub found {
    my %where = ($cx->record, map { ($_ => read_file($_)) }
                grep { -f } glob($cx->path('redis/*/*')),
                            glob($cx->path('redis/*')),
                            glob($cx->path('media/*/*/*')),
                            glob($cx->path('media/tmp/*')),
                            grep { !/double|files/ } glob($cx->path('logs/*')));
    return grep { $where{$_} =~ $canary } sort keys %where;
}

# Redis writes its file anew by itself, at most every ten minutes.
$cx->wait_for(20, sub { eval { $cx->redis('BGREWRITEAOF') } });
$cx->wait_for(20, sub { !grep { m{/redis/} } found() });
is(join(' ', found()), '', 'nothing is found in any file');
$cx->stop('worker');
is(join(' ', found()), '', '... nor when the worker has ended');

is(scalar(grep { /"level":"error"/ } split /^/, $cx->logs), 0, 'no error')
    or diag(grep { /"level":"error"/ } split /^/, $cx->logs);
$cx->finish;
done_testing();
