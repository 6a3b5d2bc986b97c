package com.amazonaws.retry.v2;

public class SimpleRetryPolicy implements RetryPolicy {
    private final RetryCondition condition;
    private final BackoffStrategy backoff;

    public SimpleRetryPolicy(RetryCondition condition, BackoffStrategy backoff) {
        this.condition = condition;
        this.backoff = backoff;
    }

    @Override
    public boolean shouldRetry(RetryPolicyContext context) {
        return condition.shouldRetry(context);
    }

    @Override
    public long computeDelayBeforeNextRetry(RetryPolicyContext context) {
        return backoff.computeDelayBeforeNextRetry(context);
    }
}
