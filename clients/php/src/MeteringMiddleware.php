<?php

declare(strict_types=1);

namespace Metergate;

use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;
use Psr\Http\Server\MiddlewareInterface;
use Psr\Http\Server\RequestHandlerInterface;

/**
 * A PSR-15 middleware that tells Metergate of every call, also of one that ends in an exception (status 500).
 * Put it outside of whatever turns exceptions into answers only if you want those counted as 500.
 */
final class MeteringMiddleware implements MiddlewareInterface
{
    /**
     * @param \Closure(ServerRequestInterface): ?string $tenantOf whose call it is; null: nobody's, not metered
     * @param ?\Closure(ServerRequestInterface): string $endpointOf its route, such as /orders/{order_id}; default:
     *   the path, with {id} in place of numbers, UUIDs, ULIDs and long tokens
     *
     * Both are asked after the call, so that a router further in has had the chance to know; but they see the
     * request as it came to this middleware, since a request is a value.
     */
    public function __construct(
        private readonly Client $client,
        private readonly \Closure $tenantOf,
        private readonly ?\Closure $endpointOf = null,
    ) {
    }

    public function process(ServerRequestInterface $request, RequestHandlerInterface $handler): ResponseInterface
    {
        $begin = hrtime(true);
        $response = null;
        try {
            return $response = $handler->handle($request);
        } finally {
            $this->track($request, $response, (hrtime(true) - $begin) / 1e6);
        }
    }

    private function track(ServerRequestInterface $request, ?ResponseInterface $response, float $durationMs): void
    {
        $tenant = ($this->tenantOf)($request);
        if ($tenant === null) {
            return;
        }
        $call = [
            'method' => $request->getMethod(),
            'endpoint' => $this->endpointOf !== null ? ($this->endpointOf)($request)
                : self::withoutIds($request->getUri()->getPath()),
            'status' => $response?->getStatusCode() ?? 500,
            'request_bytes' => $request->getBody()->getSize() ?? 0,
            'response_bytes' => $response?->getBody()->getSize() ?? 0,
            'duration_ms' => $durationMs,
        ];
        $ip = $request->getServerParams()['REMOTE_ADDR'] ?? '';
        $this->client->trackApiCall($tenant, $ip === '' ? $call : $call + ['ip' => $ip]);
    }

    /** With the ids left in, every order would be an endpoint of its own. */
    public static function withoutIds(string $path): string
    {
        $segments = array_map(
            fn (string $segment): string => preg_match(
                '/^(\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-7][0-9a-hjkmnp-tv-z]{25}|[0-9a-f]{16,}'
                . '|(?=.*\d)[\w-]{20,})$/Di',
                $segment,
            ) ? '{id}' : $segment,
            explode('/', $path),
        );
        // No more than the server takes, together with a method; what is cut off is no route of yours anyway.
        return substr(implode('/', $segments), 0, 490) ?: '/';
    }
}
