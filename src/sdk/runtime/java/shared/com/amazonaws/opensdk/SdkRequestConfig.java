package com.amazonaws.opensdk;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one call has besides its operation's parameters. */
public final class SdkRequestConfig {
    private final Map<String, String> customHeaders;
    private final Map<String, List<String>> customQueryParams;
    private final Integer httpRequestTimeout;
    private final Integer totalExecutionTimeout;

    private SdkRequestConfig(Builder builder) {
        this.customHeaders = Collections.unmodifiableMap(new LinkedHashMap<>(builder.customHeaders));
        this.customQueryParams = Collections.unmodifiableMap(new LinkedHashMap<>(builder.customQueryParams));
        this.httpRequestTimeout = builder.httpRequestTimeout;
        this.totalExecutionTimeout = builder.totalExecutionTimeout;
    }

    public static Builder builder() {
        return new Builder();
    }

    public Map<String, String> getCustomHeaders() {
        return customHeaders;
    }

    public Map<String, List<String>> getCustomQueryParams() {
        return customQueryParams;
    }

    public Integer getHttpRequestTimeout() {
        return httpRequestTimeout;
    }

    public Integer getTotalExecutionTimeout() {
        return totalExecutionTimeout;
    }

    public static final class Builder {
        private final Map<String, String> customHeaders = new LinkedHashMap<>();
        private final Map<String, List<String>> customQueryParams = new LinkedHashMap<>();
        private Integer httpRequestTimeout;
        private Integer totalExecutionTimeout;

        private Builder() {}

        public Builder customHeader(String name, String value) {
            customHeaders.put(name, value);
            return this;
        }

        public Builder customQueryParam(String name, String value) {
            customQueryParams.computeIfAbsent(name, any -> new ArrayList<>()).add(value);
            return this;
        }

        public Builder httpRequestTimeout(int millis) {
            this.httpRequestTimeout = millis;
            return this;
        }

        public Builder totalExecutionTimeout(int millis) {
            this.totalExecutionTimeout = millis;
            return this;
        }

        public SdkRequestConfig build() {
            return new SdkRequestConfig(this);
        }
    }
}
