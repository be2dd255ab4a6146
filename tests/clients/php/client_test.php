<?php

// The PHP client against a scripted server, and the middleware with real PSR-7 messages.
//
//   php client_test.php

declare(strict_types=1);

use Metergate\Client;
use Metergate\MeteringMiddleware;
use Nyholm\Psr7\Response;
use Nyholm\Psr7\ServerRequest;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Server\RequestHandlerInterface;

require_once 'Nyholm/Psr7/autoload.php';
const SOURCES = __DIR__ . '/../../../clients/php/src';
require_once SOURCES . '/Client.php';
require_once SOURCES . '/MeteringMiddleware.php';

final class Server
{
    public readonly string $url;
    private $process;
    private array $pipes = [];

    /** @param list<?array{string, string}> $answers */
    public function __construct(array $answers = [])
    {
        $this->process = proc_open([PHP_BINARY, __DIR__ . '/scripted_server.php', json_encode($answers)],
            [['pipe', 'r'], ['pipe', 'w'], STDERR], $this->pipes);
        $this->url = 'http://127.0.0.1:' . trim(fgets($this->pipes[1]));
    }

    /** @return list<string> all that were sent; the server ends with this */
    public function bodies(): array
    {
        fclose($this->pipes[0]);
        $lines = explode("\n", trim(stream_get_contents($this->pipes[1])));
        proc_close($this->process);
        return array_map(json_decode(...), array_filter($lines));
    }
}

final class Problems
{
    public array $all = [];

    public function kinds(): array
    {
        return array_column($this->all, 'kind');
    }
}

function client(string $url, ?Problems $problems = null, mixed ...$more): Client
{
    $problems ??= new Problems();
    return new Client(...$more + ['url' => $url, 'token' => 'mg_live_test', 'source' => 'tests',
        'retryFirstSeconds' => 0.001, 'retryMaxSeconds' => 0.005, 'flushAtShutdown' => false,
        'onProblem' => function (array $problem) use ($problems): void {
            $problems->all[] = $problem;
        }]);
}

function same(mixed $found, mixed $wanted): void
{
    if ($found !== $wanted) {
        throw new Exception('found ' . json_encode($found) . ', wanted ' . json_encode($wanted));
    }
}

function refusal(string $body): array
{
    return ['400 Bad Request', 'Content-Length: ' . strlen($body) . "\r\n\r\n" . $body];
}

function ids(string $body): array
{
    return array_column(json_decode($body, true), 'id');
}

/** A handler that answers, or throws. */
function handler(ResponseInterface|Exception $outcome): RequestHandlerInterface
{
    return new class ($outcome) implements RequestHandlerInterface {
        public function __construct(private readonly ResponseInterface|Exception $outcome)
        {
        }

        public function handle(ServerRequestInterface $request): ResponseInterface
        {
            return $this->outcome instanceof Exception ? throw $this->outcome : $this->outcome;
        }
    };
}

/** Another script, with a client named $client that reads this test's arguments; its standard error. */
function script(string $code, string $url, string $spool): string
{
    $text = 'require $argv[1]; $client = new Metergate\Client($argv[2], "t", flushSeconds: 0.3, requestSeconds: 0.2, '
        . 'spoolFolder: $argv[3] ?: null);' . $code;
    $process = proc_open([PHP_BINARY, '-d', 'error_log=', '-r', $text, SOURCES . '/Client.php', $url, $spool],
        [['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes);
    $said = stream_get_contents($pipes[2]);
    same(proc_close($process), 0);
    return $said;
}

$tests = [
    'the five calls are CloudEvents' => function (): void {
        $server = new Server();
        $client = client($server->url);
        $call = ['method' => 'GET', 'endpoint' => '/orders/{id}', 'status' => 200, 'request_bytes' => 1,
            'response_bytes' => 2, 'duration_ms' => 1.23456, 'store_id' => 's1'];
        same($client->trackApiCall('acme', $call), true);
        same($client->trackWebhookCall('acme', 'orders', false, 80), true);
        same($client->trackStorageUsage('acme', 5_000_000_000), true);
        same($client->trackDeviceCount('acme'), true);
        same($client->trackStoreCount('acme', 7), true);
        same($client->flush(), true);
        same($client->counts()['recorded'], 5);
        $events = json_decode($server->bodies()[0]);
        same(array_column($events, 'type'),
            ['api.call', 'webhook.call', 'storage.usage', 'device.count', 'store.count']);
        same((array) $events[0]->data, array_replace($call, ['duration_ms' => 1.235]));
        same(json_encode($events[3]->data), '{}');
        same($events[4]->data->count, 7);
        same(preg_match('/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/', $events[0]->id), 1);
        same(preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/', $events[0]->time), 1);
    },
    'what got no answer is sent again with the same bytes' => function (): void {
        $server = new Server([null, ['503 Busy', "\r\n"], ['429 Slow', "Retry-After: 0\r\n\r\n"]]);
        $client = client($server->url);
        $client->trackStorageUsage('acme', 1);
        same($client->flush(), true);
        $bodies = $server->bodies();
        same(count($bodies), 4);
        same(count(array_unique($bodies)), 1);
    },
    'a Retry-After longer than there is time ends the flush' => function (): void {
        $server = new Server([['503 Busy', "Retry-After: 60\r\n\r\n"]]);
        $client = client($server->url);
        $client->trackStorageUsage('acme', 1);
        same($client->flush(5), false);
        same($client->flush(5), false);
        same(count($server->bodies()), 1);
        same($client->counts()['waiting'], 1);
    },
    'events that the server names are reported and the others sent' => function (): void {
        $server = new Server([refusal('{"errors":[{"index":2,"field":"time","message":"late"},{"index":0},{"index":9}]}')]);
        $client = client($server->url, $problems = new Problems());
        for ($n = 0; $n < 4; ++$n) {
            $client->trackStorageUsage('acme', $n);
        }
        same($client->flush(), true);
        [$first, $second] = array_map(ids(...), $server->bodies());
        same($second, [$first[1], $first[3]]);
        same($problems->kinds(), ['refused', 'refused']);
        same($problems->all[0]['message'], 'time: late');
        same($client->counts()['refused'], 2);
    },
    'one bad event that nobody names is found by halves' => function (): void {
                // The third of four is bad. Sent are: all, the first two, the last two, the third, the fourth.
        $server = new Server([refusal('?'), ['204 Good', "\r\n"], refusal('?'), refusal('?')]);
        $client = client($server->url, $problems = new Problems());
        for ($n = 0; $n < 4; ++$n) {
            $client->trackStorageUsage('acme', $n);
        }
        same($client->flush(), true);
        same(array_map(count(...), array_map(ids(...), $server->bodies())), [4, 2, 2, 1, 1]);
        same(json_decode($problems->all[0]['event'])->data->bytes, 2);
        same($client->counts()['recorded'], 3);
    },
    'a token that is not taken, and a 200 of somebody else, lose nothing' => function (): void {
        $server = new Server([['401 Who', "\r\n"], ['200 OK', "Content-Length: 5\r\n\r\nhello"]]);
        $client = client($server->url, $problems = new Problems());
        $client->trackStorageUsage('acme', 1);
        same($client->flush(), true);
        same($client->counts()['recorded'], 1);
        same($problems->all[0]['status'], 401);
    },
    'a chunked answer is understood' => function (): void {
        $server = new Server([['400 No', "Transfer-Encoding: chunked\r\n\r\n"
            . "14\r\n{\"errors\":[{\"index\":\r\n4\r\n0}]}\r\n0\r\n\r\n"]]);
        $client = client($server->url);
        $client->trackStorageUsage('acme', 1);
        same($client->flush(), true);
        same($client->counts()['refused'], 1);
    },
    'what does not fit is dropped, counted and told' => function (): void {
        $client = client('http://127.0.0.1:1', $problems = new Problems(), batchEventsMax: 2, bufferEventsMax: 3);
        same(array_map(fn (int $n): bool => $client->trackStorageUsage('acme', $n), [1, 2, 3, 4, 5]),
            [true, true, true, false, false]);
        same($client->flush(0.01), false);
        same($client->counts()['dropped'], 2);
        same(in_array('dropped', $problems->kinds(), true), true);
    },
    'text that is no UTF-8 is counted all the same' => function (): void {
        $server = new Server();
        $client = client($server->url);
        $client->trackWebhookCall('acme', "a\xFFb", true, NAN);
        same($client->flush(), true);
        same(json_decode($server->bodies()[0])[0]->data->webhook_id, "a\u{FFFD}b");
    },
    'a script that ends sends what waits' => function (): void {
        $server = new Server();
        same(script('$client->trackStoreCount("acme");', $server->url, ''), '');
        same(count($server->bodies()), 1);
    },
    'a script that ends without a server and a spool says what is lost' => function (): void {
        $said = script('$client->trackStoreCount("acme");', 'http://127.0.0.1:1', '');
        same(preg_match('/1 event\(s\) unsent/', $said), 1);
    },
    'what one script could not send another one does, once' => function (): void {
        $spool = sys_get_temp_dir() . '/metergate-spool-' . bin2hex(random_bytes(8));
        try {
            script('$client->trackStoreCount("acme");', 'http://127.0.0.1:1', $spool);
            same(count(glob("$spool/*")), 1);
            $server = new Server();
            script('', $server->url, $spool);
            script('', $server->url, $spool);
            same(array_map(count(...), array_map(ids(...), $server->bodies())), [1]);
            same(glob("$spool/*"), []);
        } finally {
            array_map(unlink(...), glob("$spool/*"));
            rmdir($spool);
        }
    },
    'a full spool is a named loss' => function (): void {
        $client = client('http://127.0.0.1:1', null, batchEventsMax: 1, bufferEventsMax: 1, spoolFolder: '/dev/null');
        same($client->trackStoreCount('acme'), true);
        same($client->trackStoreCount('acme'), false);
    },
    'options that cannot work are refused in words' => function (): void {
        $bad = [['a', []], ['ftp://a', []], ['http://a?b', []], ['http://a', ['token' => "a\nb"]],
            ['http://a', ['batchEventsMax' => 0]], ['http://a', ['bufferEventsMax' => 1]]];
        foreach ($bad as [$url, $more]) {
            try {
                client($url, null, ...$more);
                $message = '';
            } catch (InvalidArgumentException $refused) {
                $message = $refused->getMessage();
            }
            same(str_starts_with($message, 'metergate: '), true);
        }
    },
    'the middleware meters a call as it went' => function (): void {
        $server = new Server();
        $client = client($server->url);
        $metering = new MeteringMiddleware($client, fn (ServerRequestInterface $r): ?string => $r->getHeaderLine('Tenant'));
        $request = new ServerRequest('POST', 'http://a/orders/17/lines?x=1', ['Tenant' => 'acme'], 'four', '1.1',
            ['REMOTE_ADDR' => '192.0.2.1']);
        same($metering->process($request, handler(new Response(201, [], 'hello')))->getStatusCode(), 201);
        $client->flush();
        $event = json_decode($server->bodies()[0])[0];
        same([$event->type, $event->subject], ['api.call', 'acme']);
        unset($event->data->duration_ms);
        same((array) $event->data, ['method' => 'POST', 'endpoint' => '/orders/{id}/lines', 'status' => 201,
            'request_bytes' => 4, 'response_bytes' => 5, 'ip' => '192.0.2.1']);
    },
    'a call that throws is a call with status 500, and goes on throwing' => function (): void {
        $server = new Server();
        $client = client($server->url);
        $metering = new MeteringMiddleware($client, fn (): ?string => 'acme', fn (): string => '/route');
        try {
            $metering->process(new ServerRequest('GET', '/x'), handler(new LogicException('oh')));
            same('nothing was thrown', '');
        } catch (LogicException $thrown) {
            same($thrown->getMessage(), 'oh');
        }
        $client->flush();
        $data = json_decode($server->bodies()[0])[0]->data;
        same([$data->status, $data->endpoint], [500, '/route']);
    },
    'a call of nobody is not metered' => function (): void {
        $client = client('http://127.0.0.1:1');
        (new MeteringMiddleware($client, fn (): ?string => null))
            ->process(new ServerRequest('GET', '/x'), handler(new Response()));
        same($client->counts()['tracked'], 0);
    },
    'a path becomes a route' => function (): void {
        foreach (['/' => '/', '/orders' => '/orders', '/orders/17' => '/orders/{id}', '/v1/a/' => '/v1/a/',
            '/u/0189a3c4-7b1e-7f00-8a52-0123456789ab/x' => '/u/{id}/x', '/e/01ARYZ6S410000000000000000' => '/e/{id}',
            '/t/aGVsbG8gd29ybGQ5aGVsbG8' => '/t/{id}', '/customers-and-their-orders' => '/customers-and-their-orders',
            '' => '/'] as $path => $route) {
            same(MeteringMiddleware::withoutIds($path), $route);
        }
        same(strlen(MeteringMiddleware::withoutIds(str_repeat('/ab', 1000))), 490);
    },
];

$failed = 0;
foreach ($tests as $name => $test) {
    try {
        $test();
        echo "ok: $name\n";
    } catch (Throwable $fault) {
        ++$failed;
        echo "FAILED: $name\n  line {$fault->getTrace()[0]['line']}: {$fault->getMessage()}\n";
    }
}
echo count($tests) - $failed, " passed, $failed failed\n";
exit($failed === 0 ? 0 : 1);
