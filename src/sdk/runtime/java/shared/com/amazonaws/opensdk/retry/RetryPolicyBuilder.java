package com.amazonaws.opensdk.retry;

import com.amazonaws.retry.v2.BackoffStrategy;
import com.amazonaws.retry.v2.RetryCondition;
import com.amazonaws.retry.v2.RetryPolicy;
import com.amazonaws.retry.v2.RetryPolicyContext;
import com.amazonaws.retry.v2.SimpleRetryPolicy;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Says what is tried again: whatever one of the conditions takes, up to the number of retries. */
public final class RetryPolicyBuilder {
    private final List<RetryCondition> conditions = new ArrayList<>();
    private int retries = 3;
    private BackoffStrategy backoff = context ->
        Math.min((long) (50 * Math.pow(2, context.retriesAttempted()) * (1 + ThreadLocalRandom.current().nextDouble())), 20_000);

    private RetryPolicyBuilder() {}

    /** Status 429, and connections that could not be made. */
    public static RetryPolicyBuilder standard() {
        return new RetryPolicyBuilder().retryOnStatusCodes(429).retryOnExceptions(ConnectException.class);
    }

    /** Exceptions of these classes, and those with such a cause. */
    @SafeVarargs
    public final RetryPolicyBuilder retryOnExceptions(Class<? extends Exception>... classes) {
        for (Class<? extends Exception> one : classes) {
            conditions.add(context -> one.isInstance(context.exception()) || one.isInstance(context.exception().getCause()));
        }
        return this;
    }

    public RetryPolicyBuilder retryOnStatusCodes(Integer... codes) {
        conditions.add(context -> Arrays.asList(codes).contains(context.httpStatusCode()));
        return this;
    }

    public RetryPolicyBuilder retryCondition(RetryCondition condition) {
        conditions.add(condition);
        return this;
    }

    public RetryPolicyBuilder maxNumberOfRetries(int count) {
        this.retries = count;
        return this;
    }

    /** Milliseconds. */
    public RetryPolicyBuilder fixedBackoff(int millis) {
        return backoffStrategy(context -> millis);
    }

    public RetryPolicyBuilder backoffStrategy(BackoffStrategy strategy) {
        this.backoff = strategy;
        return this;
    }

    public RetryPolicy build() {
        List<RetryCondition> all = new ArrayList<>(conditions);
        int most = retries;
        return new SimpleRetryPolicy(context -> context.retriesAttempted() < most && any(all, context), backoff);
    }

    private static boolean any(List<RetryCondition> conditions, RetryPolicyContext context) {
        return conditions.stream().anyMatch(one -> one.shouldRetry(context));
    }
}
