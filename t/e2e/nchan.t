# Debian's nchan module carries another hiredis; both live in one nginx, in
# whichever order they are loaded.

use strict;
use warnings;

use Connext;
use Test::More;

my ($nchan) = grep { -e } '/usr/lib/nginx/modules/ngx_nchan_module.so';
plan skip_all => 'libnginx-mod-nchan is not installed' unless $nchan;
plan skip_all => 'the module is built in' if Connext::nginx_binary() =~ /asan/;

my $ours = "$Connext::BUILD/ngx_http_connext_module.so";

for my $order ([$nchan, $ours], [$ours, $nchan]) {
    my $cx = Connext->new(modules => $order, location => <<'_END');
        location ~ /pub/(\w+)$ {
            nchan_publisher;
            nchan_channel_id $1;
        }
_END
    $cx->start(qw(redis nginx));

    my $first = $order->[0] eq $ours ? 'ours' : 'nchan';
    is_deeply($cx->flood(count => 2000, dup => 20)->{status},
              { 200 => 2000 }, "$first first: deliveries get 200");
    is($cx->http->request('POST', '/pub/x', {}, 'hello')->{status}, 202,
       'and nchan publishes');
    is($cx->quarantined, 0, 'all could be read');
    $cx->finish;
}

done_testing();
