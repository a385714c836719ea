# A mail server behind TLS, with a certificate signed by ourselves: trusted
# when [http] ca_file says so, and given nothing when it does not.  A password
# that it does not take is a matter for people.

use strict;
use warnings;

use Connext;
use Connext::Email qw(email account simulate mails);
use Connext::Process qw(read_file write_file free_port);
use Test::More;

my $stream = '/usr/lib/nginx/modules/ngx_stream_module.so';

my $cx = email();
my $port = free_port();
my $dir = $cx->{dir};

system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
       . " -keyout $dir/tls.key -out $dir/tls.pem -days 2 -subj /CN=mail"
       . " -addext subjectAltName=IP:127.0.0.1 2> $dir/openssl.log") == 0
    or die read_file("$dir/openssl.log");

write_file("$dir/conf/tls.conf", <<_END);
load_module $stream;
daemon off;
@{[ $> == 0 ? 'user root;' : '' ]}
worker_processes 1;
error_log $dir/logs/tls.log info;
pid $dir/tls.pid;
events { }
stream {
    server {
        listen 127.0.0.1:$port ssl;
        ssl_certificate $dir/tls.pem;
        ssl_certificate_key $dir/tls.key;
        proxy_pass 127.0.0.1:$cx->{smtp_port};
    }
}
_END

$cx->start(qw(redis nginx double));
$cx->launch('nginx_tls', ['/usr/sbin/nginx', '-e', "$dir/logs/tls.log", '-p',
                          $dir, '-c', 'conf/tls.conf']);
ok($cx->wait_for(10, sub { -s "$dir/tls.pid" }), 'TLS stands before it');


sub ask {
    my ($name) = @_;

    my ($rc, $out) = simulate($cx, 'mailgun', '--from', "$name\@example.com",
                              '--text', "Is there parking? ($name)");
    is($rc, 0, "$name asks") or diag $out;
}


sub smtp {
    return scalar grep { ($_->{path} // '') =~ m{^/smtp/} }
                       @{$cx->double('GET', '/_/requests')->{requests}};
}


# --- not trusted -------------------------------------------------------------

$cx->start('worker');
$cx->set_up;
Connext::Email::channels($cx, smtp_url => "smtps://127.0.0.1:$port");
ask('ana');
ok($cx->wait_for(20, sub {
       read_file($cx->path('logs/worker.log'))
           =~ /"msg":"send\.no_answer"[^\n]*certificate/;
   }), 'a certificate of our own is nothing to the system: the log says so');
is(smtp(), 0, 'and the server heard nothing');
$cx->stop('worker');

# --- trusted -----------------------------------------------------------------

$cx->{conf}{'http.ca_file'} = "$dir/tls.pem";
$cx->start('worker');
is(scalar(mails($cx, 'ana@example.com', 1)), 1,
   'trusted by ca_file: what waited is sent');

# --- a password it does not take ---------------------------------------------

$cx->script({ match => { path => '/smtp/auth' }, times => -1,
              do => { status => 535 } });
# An idle connection would need no login.
$cx->stop('worker');
$cx->start('worker');
ask('bob');
ok($cx->wait_for(20, sub {
       my ($ch) = grep { $_->{name} eq 'em-mailgun' }
                       @{$cx->api('GET', '/api/v1/channels')->{data}};
       return $ch->{health} eq 'action_required';
   }), '535: the channel wants somebody to act');
is(scalar(mails($cx, 'bob@example.com', 0)), 0, 'nothing is sent');

is(scalar(@{$cx->api('GET', '/api/v1/messages?state=ready')->{data}}), 1,
   '... and it waits');

unlike(read_file($cx->path('logs/worker.log')),
       qr/\Q$Connext::Email::PASSWORD\E/, 'the password is in no log');

$cx->finish;
done_testing();
