package OWN_PACKAGE.runtime;

import com.amazonaws.AbortedException;
import com.amazonaws.SdkBaseException;
import com.amazonaws.SdkClientException;
import com.amazonaws.http.timers.client.ClientExecutionTimeoutException;
import com.amazonaws.opensdk.SdkErrorHttpMetadata;
import com.amazonaws.opensdk.SdkRequestConfig;
import com.amazonaws.opensdk.SdkResponseMetadata;
import com.amazonaws.retry.v2.RetryPolicyContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sends requests: parameters, body, API key, signature, time limits, retries; and reads answers. */
public final class Sender {
    private static final Pattern PARAMETER = Pattern.compile("\\{([^}+]+)(\\+?)\\}");
    private static final Pattern JSON_TYPE = Pattern.compile("[^;]*[/+]json\\b.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private final Settings settings;
    private final Function<Failure, SdkBaseException> failure;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Semaphore connections;
    private volatile boolean isShutDown;

    public Sender(Settings settings, Function<Failure, SdkBaseException> failure) {
        this.settings = settings.clone();
        this.failure = failure;
        Integer most = settings.connections.getMaxConnections();
        this.connections = new Semaphore(most == null ? Integer.MAX_VALUE : most);
    }

    public void shutdown() {
        isShutDown = true;
    }

    public <R extends Result> R call(Request request, R result) {
        if (isShutDown) throw new IllegalStateException("the client is shut down");
        Operation operation = request.described_operation();
        byte[] body = bodyOf(request.value_in(Request.THE_BODY));
        URI uri = URI.create(target(operation, request));
        Map<String, String> headers = headers(operation, request, body);
        SdkRequestConfig config = request.sdkRequestConfig();
        Integer total = first(config.getTotalExecutionTimeout(), settings.timeouts.getTotalExecutionTimeout());
        long deadline = total == null ? Long.MAX_VALUE : now() + total;
        for (int retries = 0;; retries++) {
            HttpResponse<byte[]> answer = null;
            SdkBaseException problem = null;
            try {
                answer = sendOnce(operation.method, uri, headers, body, config, deadline);
                if (answer.statusCode() < 200 || answer.statusCode() >= 300) problem = failureOf(operation, answer);
            } catch (ClientExecutionTimeoutException | AbortedException error) {
                throw error;
            } catch (SdkClientException error) {
                problem = error;
            }
            if (problem == null) return succeed(answer, result);
            Integer status = answer == null ? null : Integer.valueOf(answer.statusCode());
            RetryPolicyContext context = new RetryPolicyContext(problem, retries, status);
            if (!settings.retryPolicy.shouldRetry(context)) throw problem;
            pause(settings.retryPolicy.computeDelayBeforeNextRetry(context), deadline);
        }
    }

    private static Map<String, String> headersOf(HttpResponse<byte[]> answer) {
        Map<String, String> headers = new LinkedHashMap<>();
        answer.headers().map().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), String.join(", ", values)));
        return headers;
    }

    private static <R extends Result> R succeed(HttpResponse<byte[]> answer, R result) {
        Map<String, String> headers = headersOf(answer);
        Object json;
        try {
            json = read(headers.get("content-type"), answer.body());
        } catch (IllegalArgumentException error) {
            throw new SdkClientException("Unable to read the answer: " + error.getMessage(), error);
        }
        result.read_answer(new SdkResponseMetadata(answer.statusCode(), headers, answer.body()), json);
        return result;
    }

    /** Of the model's class, if the answer can be read as that. */
    private SdkBaseException failureOf(Operation operation, HttpResponse<byte[]> answer) {
        Map<String, String> headers = headersOf(answer);
        SdkErrorHttpMetadata metadata = new SdkErrorHttpMetadata(answer.statusCode(), headers, answer.body());
        Operation.Failing failing = operation.failures.get(answer.statusCode());
        Object json = null;
        try {
            json = read(headers.get("content-type"), answer.body());
            if (failing != null) return failing.make.apply(new Failure(metadata, failing.shape.decode(json)));
        } catch (IllegalArgumentException | SdkClientException unreadable) {
            // It is told as it is.
        }
        return failure.apply(new Failure(metadata, json));
    }

    /** Bytes and text as they are, everything else as JSON. */
    private static byte[] bodyOf(Object body) {
        if (body == null || body instanceof byte[]) return (byte[]) body;
        return (body instanceof String ? (String) body : Json.write(body)).getBytes(StandardCharsets.UTF_8);
    }

    private static Object read(String contentType, byte[] body) {
        if (contentType == null || body.length == 0 || !JSON_TYPE.matcher(contentType).matches()) return null;
        return Json.read(new String(body, StandardCharsets.UTF_8));
    }

    private String target(Operation operation, Request request) {
        StringBuilder target = new StringBuilder(settings.endpoint.replaceAll("/$", ""));
        Matcher matcher = PARAMETER.matcher(operation.path);
        int from = 0;
        while (matcher.find()) {
            target.append(operation.path, from, matcher.start());
            String name = matcher.group(1);
            target.append(segment(name, request.value_in(name), !matcher.group(2).isEmpty()));
            from = matcher.end();
        }
        target.append(operation.path.substring(from));
        List<String> query = new ArrayList<>();
        for (String name : operation.query) {
            Object value = request.value_in(name);
            if (value != null) query.add(quote(name) + "=" + quote(value.toString()));
        }
        request.sdkRequestConfig().getCustomQueryParams().forEach(
            (name, values) -> values.forEach(value -> query.add(quote(name) + "=" + quote(value))));
        if (!query.isEmpty()) target.append('?').append(String.join("&", query));
        return target.toString();
    }

    private static String segment(String name, Object value, boolean isGreedy) {
        if (value == null) throw new SdkClientException("Required parameter is missing: " + name);
        List<String> segments = new ArrayList<>();
        for (String one : isGreedy ? value.toString().split("/", -1) : new String[] {value.toString()}) {
            // A URL can't have such a segment: it would name another resource.
            if (value.toString().isEmpty() || one.equals(".") || one.equals("..")) {
                throw new SdkClientException(name + " must not be " + Json.write(value));
            }
            segments.add(quote(one));
        }
        return String.join("/", segments);
    }

    /** RFC 3986: everything but unreserved characters. */
    static String quote(String text) {
        StringBuilder out = new StringBuilder();
        for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (one & 0xff);
            if (c < 128 && (Character.isLetterOrDigit(c) || "-._~".indexOf(c) >= 0)) out.append(c);
            else out.append(String.format("%%%02X", (int) c));
        }
        return out.toString();
    }

    private Map<String, String> headers(Operation operation, Request request, byte[] body) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.put("accept", "application/json");
        if (body != null) headers.put("content-type", operation.contentType);
        if (settings.apiKey != null) headers.put("x-api-key", settings.apiKey);
        for (String name : operation.headers) {
            Object value = request.value_in(name);
            if (value != null) headers.put(name, value.toString());
        }
        headers.putAll(request.sdkRequestConfig().getCustomHeaders());
        return headers;
    }

    private static void pause(long millis, long deadline) {
        if (now() + millis >= deadline) throw executionTimeout();
        try {
            Thread.sleep(millis);
        } catch (InterruptedException error) {
            throw aborted(error);
        }
    }

    private HttpResponse<byte[]> sendOnce(
            String method, URI uri, Map<String, String> headers, byte[] body, SdkRequestConfig config, long deadline) {
        HttpRequest request;
        try {
            HttpRequest.Builder builder = HttpRequest.newBuilder(uri).method(method,
                body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body));
            Signer.sign(settings, method, uri, headers, body).forEach(builder::setHeader);
            request = builder.build();
        } catch (IllegalArgumentException error) {
            throw new SdkClientException("Unable to make the request: " + error.getMessage(), error);
        }
        Integer once = first(config.getHttpRequestTimeout(), settings.timeouts.getHttpRequestTimeout());
        Integer socket = settings.timeouts.getSocketTimeout();
        long limit = Math.min(once == null ? Long.MAX_VALUE : once, socket == null ? Long.MAX_VALUE : socket);
        long left = deadline == Long.MAX_VALUE ? Long.MAX_VALUE : deadline - now();
        if (left <= 0) throw executionTimeout();
        CompletableFuture<HttpResponse<byte[]>> answer = null;
        try {
            connections.acquire();
            try {
                answer = http.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
                return answer.get(Math.min(limit, left), TimeUnit.MILLISECONDS);
            } finally {
                connections.release();
            }
        } catch (TimeoutException error) {
            answer.cancel(true);
            if (left <= limit) throw executionTimeout();
            throw new SdkClientException("The request took longer than " + limit + " milliseconds", error);
        } catch (ExecutionException error) {
            Throwable cause = error.getCause();
            if (cause instanceof IOException) throw new SdkClientException("Unable to execute HTTP request: " + cause, cause);
            throw new SdkClientException(cause);
        } catch (InterruptedException error) {
            if (answer != null) answer.cancel(true);
            throw aborted(error);
        }
    }

    private static long now() {
        return System.nanoTime() / 1_000_000;
    }

    private static Integer first(Integer one, Integer other) {
        return one == null ? other : one;
    }

    private static SdkClientException executionTimeout() {
        return new ClientExecutionTimeoutException("Client execution did not complete before the specified timeout");
    }

    private static SdkClientException aborted(InterruptedException error) {
        Thread.currentThread().interrupt();
        return new AbortedException("interrupted", error);
    }
}
