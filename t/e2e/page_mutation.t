# Messenger's and Instagram's deliveries at the edge: every type that simulate
# knows is accepted and readable, and nothing but the signed bytes is: every
# byte of a body, every nibble of the header, every length.

use strict;
use warnings;

use Connext;
use Connext::Page qw(installed);
use Connext::Sample qw(signature);
use Test::More;


sub mutate {
    my ($cx, $page) = @_;

    my $body = $page->delivery({
        sender => { id => $page->{peer} },
        recipient => { id => $page->{account} }, timestamp => 1767225590123,
        message => { mid => 'mid.mutation', text => 'Is there parking?' } });
    my $signature = signature($body, $Connext::SECRET{app_secret});
    my (%status, $n);

    is($page->post($body)->{status}, 200, "$page->{type}: as signed: 200");
    is($cx->count('in'), 1, '... and in the stream');

    for my $i (0 .. length($body) - 1) {
        for my $mask (0x01, 0x20, 0x80) {
            my $b = $body;
            substr($b, $i, 1) ^= chr $mask;
            $status{$page->post($b, $signature)->{status}}++;
            $n++;
        }
    }
    is_deeply(\%status, { 401 => $n }, "$n mutated bytes: all 401");

    %status = ();
    for my $i (7 .. length($signature) - 1) {
        my $have = hex substr $signature, $i, 1;
        for my $nibble (grep { $_ != $have } 0 .. 15) {
            my $s = $signature;
            substr($s, $i, 1) = sprintf '%x', $nibble;
            $status{$page->post($body, $s)->{status}}++;
        }
    }
    is_deeply(\%status, { 401 => 960 }, '960 mutated nibbles: all 401');

    %status = ();
    for my $i (0 .. 6) {
        my $s = $signature;
        substr($s, $i, 1) ^= "\x01";
        $status{$page->post($body, $s)->{status}}++;
    }
    $status{$page->post(substr($body, 0, $_), $signature)->{status}}++
        for 1 .. length($body) - 1;
    $status{$page->post("$body$_", $signature)->{status}}++
        for "\0", "\n", ' ', '}';
    is_deeply(\%status, { 401 => length($body) + 10 },
              'mutated prefix, other lengths: all 401');

    is($cx->count('in'), 1, 'the stream is as it was');
    is($cx->count('st') + $cx->quarantined, 0, 'nothing anywhere else');
}


sub kinds {
    my ($cx, $page) = @_;

    my @simulate = ('simulate', $page->{type}, '--channel', $page->{name},
                    '--account', $page->{account});
    my ($rc, $list) = $cx->ctl(@simulate, '--list');
    my @kinds = split /\n/, $list;
    my $before = $cx->count('in');

    cmp_ok(scalar @kinds, '>', 14, scalar(@kinds) . ' types of messages');

    for my $kind (@kinds) {
        ($rc, my $out) = $cx->ctl(@simulate, '--type', $kind, '--secret-file',
                                  $cx->path('app_secret'));
        is($rc, 0, "$kind: accepted") or diag($out);
    }
    is($cx->count('in'), $before + @kinds, 'each is in the stream');

    for my $status ($page->{type} eq 'messenger' ? qw(delivered read)
                                                 : 'read')
    {
        ($rc) = $cx->ctl(@simulate, '--status', $status, '--of', 'mid.x',
                         '--secret-file', $cx->path('app_secret'));
        is($rc, 0, "$status: accepted");
    }
    cmp_ok($cx->count('st'), '>', 0, 'statuses go their own way');
    is($cx->quarantined, 0, 'nothing was unreadable');

    ($rc, my $out) = $cx->ctl(@simulate, '--verify-token-file',
                              $cx->path('verify_token'));
    is($rc, 0, 'the handshake') or diag($out);
    ($rc) = $cx->ctl(@simulate, '--verify-token-file',
                     $cx->path('app_secret'));
    is($rc, 1, '... not with another token');

    for my $how ('--bad-signature', '--no-signature') {
        ($rc, $out) = $cx->ctl(@simulate, $how);
        is($rc, 0, "$how is refused") or diag($out);
    }
}


for my $type (qw(messenger instagram)) {
    my ($cx, $page) = installed($type, edge_only => 1);

    $cx->start(qw(redis nginx));
    mutate($cx, $page);
    kinds($cx, $page);
    $cx->finish;
}

done_testing();
