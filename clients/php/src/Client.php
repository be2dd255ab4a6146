<?php

declare(strict_types=1);

namespace Metergate;

/**
 * Tells a Metergate server what tenants use, exactly once.
 *
 * A track call puts an event into a buffer and returns. The buffer is sent when it holds a batch, and when
 * the script ends: after the answer has gone out to the browser, where PHP runs under FPM. An event has its
 * id and its time from the call on, so that it may be sent any number of times and counts once.
 *
 * Everything is bounded, so that a server that is away does not hold a web request up: a request by
 * `requestSeconds`, a flush by `flushSeconds`, the buffer by `bufferEventsMax`. What could not be sent goes
 * to `spoolFolder` where one is given, and is sent by whoever flushes next; otherwise it is lost, and told.
 *
 * No extension and no package is needed beyond PHP 8.1 (https:// needs openssl).
 */
final class Client
{
    private const RETRY_AFTER_MAX = 3600;
    private const ANSWER_BYTES_MAX = 1 << 20;
    private const ULID_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    private const JSON = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE
        | JSON_PARTIAL_OUTPUT_ON_ERROR;

    /** @var list<string> events as JSON */
    private array $buffer = [];
    private int $tracked = 0;
    private int $recorded = 0;
    private int $refused = 0;
    private int $dropped = 0;
    private int $dropsTold = 0;
    private int $spooled = 0;
    private int $failures = 0;
    private float $retryAt = 0.0;
    private readonly string $address;
    private readonly string $host;
    private readonly string $path;

    /**
     * @param string $url http(s)://HOST[:PORT][/PREFIX]
     * @param string $token an API key (metergate keys add --permission events.write), or a token
     * @param string $source which application this is
     * @param ?string $spoolFolder where events wait that could not be sent; made if need be
     * @param ?\Closure(array{kind: string, events: int, status: int, message: string, event: string}): void $onProblem
     *   hears of what is retried, refused, dropped, spooled or unsent; default: a line in PHP's error log
     */
    public function __construct(
        string $url,
        private readonly string $token,
        private readonly string $source = 'php-client',
        private readonly int $batchEventsMax = 500,
        private readonly int $bufferEventsMax = 10_000,
        private readonly float $requestSeconds = 2.0,
        private readonly float $flushSeconds = 3.0,
        private readonly float $retryFirstSeconds = 0.1,
        private readonly float $retryMaxSeconds = 30.0,
        private readonly ?string $spoolFolder = null,
        private readonly int $spoolFilesMax = 1000,
        private readonly ?\Closure $onProblem = null,
        bool $flushAtShutdown = true,
    ) {
        [$this->address, $this->host, $this->path] = self::placeOf($url);
        if (!preg_match('/^[!-~]+$/D', $token)) {
            throw new \InvalidArgumentException('metergate: there is no token, or it is none');
        }
        if ($batchEventsMax < 1 || $batchEventsMax > 10_000 || $bufferEventsMax < $batchEventsMax) {
            throw new \InvalidArgumentException("metergate: batchEventsMax is $batchEventsMax and bufferEventsMax "
                . "$bufferEventsMax; 1 to 10000 are allowed, and no buffer smaller than a batch");
        }
        if ($flushAtShutdown) {
            register_shutdown_function($this->finish(...));
        }
    }

    /**
     * @param array{method: string, endpoint: string, status: int, request_bytes: int, response_bytes: int,
     *   duration_ms: float|int, ip?: string, store_id?: string, device_id?: string} $call
     *   the endpoint is the route, not the path: /orders/{order_id}
     * @return bool true where the event is in the buffer, false where it was dropped
     */
    public function trackApiCall(string $tenant, array $call): bool
    {
        if (isset($call['duration_ms'])) {
            $call['duration_ms'] = self::rounded($call['duration_ms']);
        }
        return $this->track('api.call', $tenant, $call);
    }

    public function trackWebhookCall(string $tenant, string $webhook, bool $success, float $durationMs): bool
    {
        return $this->track('webhook.call', $tenant, ['webhook_id' => $webhook, 'success' => $success,
            'duration_ms' => self::rounded($durationMs)]);
    }

    public function trackStorageUsage(string $tenant, int $bytes): bool
    {
        return $this->track('storage.usage', $tenant, ['bytes' => $bytes]);
    }

    /** Without a count the server counts the tenant's active records again. */
    public function trackDeviceCount(string $tenant, ?int $count = null): bool
    {
        return $this->track('device.count', $tenant, $count === null ? [] : ['count' => $count]);
    }

    public function trackStoreCount(string $tenant, ?int $count = null): bool
    {
        return $this->track('store.count', $tenant, $count === null ? [] : ['count' => $count]);
    }

    /**
     * Sends what is in the buffer, then what is in the spool, for at most so long.
     *
     * @return bool true when nothing is left in the buffer
     */
    public function flush(?float $seconds = null): bool
    {
        $this->tellDrops();
        $until = self::now() + ($seconds ?? $this->flushSeconds);
        while ($this->buffer !== [] && $this->waitToRetry($until)) {
            $this->sendBuffered($until);
        }
        while ($this->buffer === [] && ($file = $this->oldestSpoolFile()) !== null && $this->waitToRetry($until)) {
            $this->sendSpooled($file, $until);
        }
        return $this->buffer === [];
    }

    /**
          * The counts of this script's events. An event that was spooled and then sent counts as both spooled and recorded;
     * one that an earlier script had spooled counts as recorded here without having been tracked here.
     *
     * @return array{tracked: int, recorded: int, refused: int, dropped: int, spooled: int, waiting: int}
     */
    public function counts(): array
    {
        return ['tracked' => $this->tracked, 'recorded' => $this->recorded, 'refused' => $this->refused,
            'dropped' => $this->dropped, 'spooled' => $this->spooled, 'waiting' => count($this->buffer)];
    }

    private function track(string $type, string $tenant, array $data): bool
    {
        ++$this->tracked;
        $now = new \DateTimeImmutable('now', new \DateTimeZone('UTC'));
        $this->buffer[] = json_encode(['specversion' => '1.0', 'id' => self::ulid((int) $now->format('Uv')),
            'source' => $this->source, 'type' => $type, 'subject' => $tenant,
            'time' => $now->format('Y-m-d\TH:i:s.v\Z'), 'data' => (object) $data], self::JSON);
        if (count($this->buffer) >= $this->batchEventsMax && self::now() >= $this->retryAt) {
            // One try, no pause: whoever tracks is in the middle of something.
            $this->sendBuffered(self::now() + $this->requestSeconds);
        }
        if (count($this->buffer) <= $this->bufferEventsMax) {
            return true;
        }
        // Without a spool the newest goes, since the older ones may be on the server already.
        if ($this->spool(array_slice($this->buffer, 0, $this->batchEventsMax))) {
            array_splice($this->buffer, 0, $this->batchEventsMax);
            return true;
        }
        array_pop($this->buffer);
        ++$this->dropped;
        return false;
    }

    /** At the end of the script. */
    private function finish(): void
    {
        $this->tellDrops();
        if ($this->buffer === [] && $this->oldestSpoolFile() === null) {
            return;
        }
        if (function_exists('fastcgi_finish_request')) {
            fastcgi_finish_request();
        }
        if ($this->flush()) {
            return;
        }
        foreach (array_chunk($this->buffer, $this->batchEventsMax) as $batch) {
            $kind = $this->spool($batch) ? 'spooled' : 'unsent';
            $this->tell($kind, count($batch), 0, 'the script has ended');
        }
        $this->buffer = [];
    }

    private function sendBuffered(float $until): void
    {
        $batch = array_slice($this->buffer, 0, $this->batchEventsMax);
        $rest = $this->deliver($batch, $until);
        array_splice($this->buffer, 0, count($batch), $rest);
    }

    private function sendSpooled(string $file, float $until): void
    {
        $text = @file_get_contents($file);
        // Another script may have sent it meanwhile; sending twice would count once anyway.
        if ($text === false) {
            return;
        }
        $batch = explode("\n", $text);
        $rest = $this->deliver($batch, $until);
        if ($rest === []) {
            @unlink($file);
        } elseif (count($rest) < count($batch)) {
            $this->write($file, $rest);
        }
    }

    /**
     * Whole, or, where the server will not say which event it does not take, in parts.
     *
     * @param list<string> $batch
     * @return list<string> what must be sent again later
     */
    private function deliver(array $batch, float $until): array
    {
        $parts = [$batch];
        while ($parts !== []) {
            $part = array_pop($parts);
            $answer = $this->post('[' . implode(',', $part) . ']', $until);
            $verdict = self::judge($answer, count($part));
            if ($verdict['kind'] === 'again' || $verdict['kind'] === 'muchLater') {
                $this->failed($verdict, $answer['status'], count($part));
                return array_merge($part, ...array_reverse($parts));
            }
            $this->failures = 0;
            array_push($parts, ...$this->settle($part, $verdict, $answer['status']));
        }
        return [];
    }

    /** @return list<list<string>> what is still to be sent of a part; the last is next */
    private function settle(array $part, array $verdict, int $status): array
    {
        if ($verdict['kind'] === 'recorded') {
            $this->recorded += count($part);
            return [];
        }
        if ($verdict['kind'] === 'halve' && count($part) > 1) {
            return array_reverse(array_chunk($part, intdiv(count($part) + 1, 2)));
        }
        $faults = $verdict['kind'] === 'halve' ? [0 => $verdict['message']] : $verdict['faults'];
        foreach ($faults as $index => $message) {
            ++$this->refused;
            $this->tell('refused', 1, $status, $message, $part[$index]);
        }
        $rest = array_values(array_diff_key($part, $faults));
        return $rest === [] ? [] : [$rest];
    }

    private function failed(array $verdict, int $status, int $events): void
    {
        if ($this->failures++ === 0) {
            $this->tell('retrying', $events, $status, $verdict['message']);
        }
        $longest = min($this->retryFirstSeconds * 2 ** min($this->failures - 1, 30), $this->retryMaxSeconds);
                // A random part of the pause, between a half and the whole, so that many scripts do not return together.
        $own = $verdict['kind'] === 'muchLater' ? $this->retryMaxSeconds : $longest * random_int(500, 1000) / 1000;
        $this->retryAt = self::now() + max($own, $verdict['pause']);
    }

    /** False where that would last longer than is allowed. */
    private function waitToRetry(float $until): bool
    {
        $pause = $this->retryAt - self::now();
        if (max($this->retryAt, self::now()) >= $until) {
            return false;
        }
        if ($pause > 0) {
            usleep((int) ($pause * 1e6));
        }
        return true;
    }

    /**
          * The meaning of an answer for the events: "recorded"; "again": send them later; "muchLater": no event is at fault,
     * but the token or the address; "dropNamed": those in `faults` are refused for good, send the others at once;
     * "halve": at least one is refused for good, and the answer does not name it.
     *
     * @return array{kind: string, faults: array<int, string>, message: string, pause: float}
     */
    private static function judge(array $answer, int $events): array
    {
        $status = $answer['status'];
        $problem = json_decode($answer['body'], true, 16);
        $detail = is_array($problem) && is_string($problem['detail'] ?? null) ? ': ' . $problem['detail'] : '';
        $verdict = ['kind' => 'again', 'faults' => [], 'pause' => $answer['retryAfter'],
            'message' => $status === 0 ? $answer['body'] : "status $status$detail"];
        // Not any 2xx: a captive portal's 200 must not pass for "on disk".
        if ($status === 204) {
            return ['kind' => 'recorded'] + $verdict;
        }
        if (in_array($status, [0, 408, 425, 429], true) || $status >= 500) {
            return $verdict;
        }
        foreach (is_array($problem['errors'] ?? null) ? $problem['errors'] : [] as $fault) {
            $index = $fault['index'] ?? null;
            if (is_int($index) && $index >= 0 && $index < $events) {
                $verdict['faults'][$index] ??= ($fault['field'] ?? '') . ': ' . ($fault['message'] ?? '');
            }
        }
        if ($verdict['faults'] !== []) {
            return ['kind' => 'dropNamed'] + $verdict;
        }
        $isSender = $status < 400 || in_array($status, [401, 403, 404, 405, 407, 415, 431], true);
        return ['kind' => $isSender ? 'muchLater' : 'halve'] + $verdict;
    }

    /** @return array{status: int, retryAfter: float, body: string} status 0: no answer, and body says why */
    private function post(string $body, float $until): array
    {
        $until = min($until, self::now() + $this->requestSeconds);
        $stream = @stream_socket_client($this->address, $code, $why, max($until - self::now(), 0.001));
        if ($stream === false) {
            return ['status' => 0, 'retryAfter' => 0.0, 'body' => $why !== '' ? $why : 'no connection'];
        }
        try {
            $request = "POST $this->path HTTP/1.1\r\nHost: $this->host\r\nAuthorization: Bearer $this->token\r\n"
                . "Content-Type: application/cloudevents-batch+json\r\nConnection: close\r\nContent-Length: "
                . strlen($body) . "\r\n\r\n" . $body;
            return self::parse(self::exchange($stream, $request, $until));
        } finally {
            fclose($stream);
        }
    }

    /** The bytes of the answer; cut off where the time is over. */
    private static function exchange($stream, string $request, float $until): string
    {
        stream_set_blocking($stream, false);
        $answer = '';
        while (!feof($stream) && !self::isWhole($answer) && ($left = $until - self::now()) > 0) {
            $readable = [$stream];
            $writable = $request === '' ? [] : [$stream];
            $none = [];
            if (!@stream_select($readable, $writable, $none, (int) $left, (int) (fmod($left, 1) * 1e6))) {
                continue;
            }
            $piece = @fread($stream, 16384);
            $answer .= $piece === false ? '' : $piece;
            if ($writable !== []) {
                $written = @fwrite($stream, substr($request, 0, 65536));
                if ($written === false) {
                    break;
                }
                $request = substr($request, $written);
            }
        }
        return $answer;
    }

    /** Not every proxy closes the connection as it is asked to. */
    private static function isWhole(string $answer): bool
    {
        $end = strpos($answer, "\r\n\r\n");
        if ($end === false || strlen($answer) > self::ANSWER_BYTES_MAX) {
            return strlen($answer) > self::ANSWER_BYTES_MAX;
        }
        $length = preg_match('/^content-length:[ \t]*(\d{1,9})[ \t\r]*$/mi', substr($answer, 0, $end + 2), $found)
            ? (int) $found[1] : PHP_INT_MAX;
        return preg_match('~^HTTP/1\.\d 204~', $answer) || strlen($answer) - $end - 4 >= $length;
    }

    private static function parse(string $answer): array
    {
        [$head, $body] = explode("\r\n\r\n", $answer, 2) + [1 => ''];
        if (!preg_match('~^HTTP/1\.\d ([2-5]\d\d)~', $head, $found)) {
            return ['status' => 0, 'retryAfter' => 0.0,
                'body' => $answer === '' ? 'no answer in time, or the connection was closed' : 'the answer is no HTTP'];
        }
        $wait = preg_match('/^retry-after:[ \t]*(.*?)[ \t\r]*$/mi', $head, $field) ? $field[1] : '';
        $seconds = ctype_digit($wait) ? (float) $wait : (float) ((int) strtotime($wait) - time());
        if (preg_match('/^transfer-encoding:[ \t]*chunked/mi', $head)) {
            $body = self::unchunked($body);
        }
        return ['status' => (int) $found[1], 'retryAfter' => min(max($seconds, 0.0), (float) self::RETRY_AFTER_MAX),
            'body' => $body];
    }

    private static function unchunked(string $body): string
    {
        $whole = '';
        while (preg_match('/^([0-9a-f]{1,6})[^\r\n]*\r\n/i', $body, $line) && ($size = hexdec($line[1])) > 0) {
            $whole .= substr($body, strlen($line[0]), $size);
            $body = substr($body, strlen($line[0]) + $size + 2);
        }
        return $whole;
    }

    /** @param list<string> $batch */
    private function spool(array $batch): bool
    {
        if ($this->spoolFolder === null || (!is_dir($this->spoolFolder) && !@mkdir($this->spoolFolder, 0700, true))) {
            return false;
        }
        if (count($this->spoolFiles()) >= $this->spoolFilesMax) {
            return false;
        }
        $name = self::ulid((int) (new \DateTimeImmutable())->format('Uv'));
        if (!$this->write("$this->spoolFolder/$name.ndjson", $batch)) {
            return false;
        }
        $this->spooled += count($batch);
        return true;
    }

    /** Whole or not at all: another script may read at any moment. */
    private function write(string $file, array $batch): bool
    {
        $text = implode("\n", $batch);
        if (@file_put_contents("$file.new", $text) === strlen($text) && @rename("$file.new", $file)) {
            return true;
        }
        @unlink("$file.new");
        return false;
    }

    private function oldestSpoolFile(): ?string
    {
        return $this->spoolFolder === null || ($files = $this->spoolFiles()) === [] ? null
            : "$this->spoolFolder/$files[0]";
    }

    /** @return list<string> oldest first, as ULIDs are sorted by time */
    private function spoolFiles(): array
    {
        $names = @scandir($this->spoolFolder) ?: [];
        return array_values(array_filter($names, fn (string $name): bool => str_ends_with($name, '.ndjson')));
    }

    private function tellDrops(): void
    {
        if ($this->dropped > $this->dropsTold) {
            $this->tell('dropped', $this->dropped - $this->dropsTold, 0, 'the buffer was full');
            $this->dropsTold = $this->dropped;
        }
    }

    private function tell(string $kind, int $events, int $status, string $message, string $event = ''): void
    {
        if ($this->onProblem !== null) {
            ($this->onProblem)(['kind' => $kind, 'events' => $events, 'status' => $status, 'message' => $message,
                'event' => $event]);
        } else {
            error_log("metergate client: $events event(s) $kind: $message $event");
        }
    }

    /** @return array{string, string, string} the address to connect to, the Host field, the path */
    private static function placeOf(string $url): array
    {
        $parts = parse_url($url);
        $isPlain = ($parts['scheme'] ?? '') === 'http';
        if (preg_match('/[^!-~]/', $url) || empty($parts['host']) || (!$isPlain && $parts['scheme'] !== 'https')
            || isset($parts['query']) || isset($parts['fragment']) || isset($parts['user'])) {
            throw new \InvalidArgumentException("metergate: the url '$url' is none; use http(s)://HOST[:PORT][/PREFIX]");
        }
        $port = $parts['port'] ?? ($isPlain ? 80 : 443);
        return [($isPlain ? 'tcp://' : 'tls://') . $parts['host'] . ':' . $port,
            $parts['host'] . (isset($parts['port']) ? ":$port" : ''),
            rtrim($parts['path'] ?? '', '/') . '/api/v1/events'];
    }

    /** 26 characters: 10 of the time in milliseconds, 16 of chance. */
    private static function ulid(int $ms): string
    {
        $time = '';
        for ($i = 0; $i < 10; ++$i, $ms >>= 5) {
            $time = self::ULID_LETTERS[$ms & 31] . $time;
        }
        foreach (str_split(random_bytes(16)) as $byte) {
            $time .= self::ULID_LETTERS[ord($byte) & 31];
        }
        return $time;
    }

    private static function rounded(float|int $ms): float
    {
        return round(max((float) $ms, 0.0), 3);
    }

    private static function now(): float
    {
        return hrtime(true) / 1e9;
    }
}
