// Uses a generated Java SDK as its user would, and prints what it saw as JSON.
import com.amazonaws.SdkClientException;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicSessionCredentials;
import com.amazonaws.http.timers.client.ClientExecutionTimeoutException;
import com.amazonaws.opensdk.SdkRequestConfig;
import com.amazonaws.opensdk.config.ConnectionConfiguration;
import com.amazonaws.opensdk.config.TimeoutConfiguration;
import com.amazonaws.opensdk.retry.RetryPolicyBuilder;
import com.amazonaws.retry.v2.SimpleRetryPolicy;
import example.calc.SimpleCalc;
import example.calc.model.*;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

public class Exercise {
    static void check(boolean is, Object message) {
        if (!is) throw new AssertionError(message);
    }

    static String string(Object value) {
        return "\"" + String.valueOf(value).replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    static String content(java.nio.ByteBuffer buffer) {
        return StandardCharsets.UTF_8.decode(buffer).toString();
    }

    public static void main(String[] args) {
        Map<String, String> seen = new LinkedHashMap<>();
        SimpleCalc plain = SimpleCalc.builder()
            .connectionConfiguration(new ConnectionConfiguration().maxConnections(100).connectionMaxIdleMillis(1000))
            .timeoutConfiguration(new TimeoutConfiguration().httpRequestTimeout(30000).socketTimeout(20000))
            .build();
        GetApiRootResult sum = plain.getApiRoot(new GetApiRootRequest().a("1").b("2").op("+"));
        seen.put("sum", sum.getResult().getOutput().getC().toString());
        check(sum.sdkResponseMetadata().httpStatusCode() == 200 && sum.sdkResponseMetadata().requestId() != null, sum);
        Input input = new Input().a(6.0).b(7.0).op("*");
        Result product = plain.postApiRoot(new PostApiRootRequest().input(input)).getResult();
        check(product.getInput().equals(input) && product.getInput().hashCode() == input.hashCode(), product);
        seen.put("product", product.getOutput().getC().toString());
        seen.put("inPath", string(plain.getABOp(new GetABOpRequest().a("1").b("2").op("ä /?&%+ '()!")).getResult().getInput().getOp()));

        Map<String, Integer> scores = new LinkedHashMap<>();
        scores.put("x", 1);
        Pet pet = new Pet()
            .name("Rex").kind("dog's \"friend\"").weight(1.5).isTame(false).tags("a").friends(new Pet().name("Tom"))
            .owner(new PetOwner().name("Ann").eMail("a@b")).scores(scores).class_("c").end("e").groUdfE("ß")
            .anything(Collections.singletonMap("free", Arrays.asList(1, null)));
        check(pet.clone().equals(pet) && pet.clone() != pet, pet);
        PostPetsResult created = plain.postPets(new PostPetsRequest().pet(pet));
        Pet back = created.getPet();
        check(back.getFriends().get(0).getName().equals("Tom") && back.getOwner().getEMail().equals("a@b"), back);
        check(back.getId() == 7 && !back.getIsTame() && back.getClass_().equals("c") && back.getScores().get("x") == 1, back);
        seen.put("created", "[" + created.sdkResponseMetadata().httpStatusCode() + "," + string(created.getLocation()) + ","
            + content(created.sdkResponseMetadata().responseContent()) + "]");

        SimpleCalc client = SimpleCalc.builder()
            .iamCredentials(new AWSStaticCredentialsProvider(new BasicSessionCredentials("AKIDSDK", "secret/+=", "token/+=")))
            .iamRegion("eu-west-1").apiKey("key-1").build();
        ListPetsRequest list = new ListPetsRequest().type("a b&c=d/é").page("2").xTrace("t 1").sdkRequestConfig(
            SdkRequestConfig.builder().customHeader("X-More", "more").customQueryParam("z", "*'()!").customQueryParam("y", "").build());
        ListPetsResult listed = client.listPets(list);
        check(((Map<?, ?>) listed.getEmpty()).get("method").equals("GET"), listed);
        seen.put("echo", content(listed.sdkResponseMetadata().responseContent()));
        seen.put("signedBody", string(client.postPets(new PostPetsRequest().pet(new Pet().name("ü"))).getPet().getName()));
        Map<?, ?> put = (Map<?, ?>) client.putPhoto(new PutPhotoRequest().body(new byte[] {0, -1, -119, 10})).getEmpty();
        seen.put("put", "[" + string(((Map<?, ?>) put.get("headers")).get("content-type")) + "," + string(put.get("body")) + "]");
        java.nio.ByteBuffer photo = plain.getPhoto(new GetPhotoRequest()).sdkResponseMetadata().responseContent();
        byte[] bytes = new byte[photo.remaining()];
        photo.get(bytes);
        seen.put("photo", string(Base64.getEncoder().encodeToString(bytes)));
        GetFilesProxyResult file = client.getFilesProxy(new GetFilesProxyRequest().proxy("a/b c/ü.txt"));
        seen.put("file", content(file.sdkResponseMetadata().responseContent()).replaceAll(".*\"target\":(\"[^\"]*\").*", "$1"));

        DeletePetsPetIdResult deleted = plain.deletePetsPetId(new DeletePetsPetIdRequest().petId("1"));
        check(deleted.sdkResponseMetadata().httpStatusCode() == 204, deleted);
        // It tries again after 429.
        check(plain.getPetsPetId(new GetPetsPetIdRequest().petId("429")).getPet().getId() == 429, "429");
        List<Integer> tried = new java.util.ArrayList<>();
        SimpleCalc stubborn = SimpleCalc.builder()
            .retryPolicy(new SimpleRetryPolicy(c -> tried.add(c.httpStatusCode()) && c.retriesAttempted() < 2, c -> 1)).build();
        try {
            stubborn.getPetsPetId(new GetPetsPetIdRequest().petId("500"));
        } catch (SimpleCalcException error) {
            check(tried.equals(Arrays.asList(500, 500, 500)), tried);
        }
        try {
            plain.getPetsPetId(new GetPetsPetIdRequest().petId("404"));
        } catch (NotFoundException error) {
            seen.put("error404", "[" + error.sdkHttpMetadata().httpStatusCode() + "," + error.getBody().getCode() + ","
                + string(error.getBody().getMessage()) + "," + string(error.sdkHttpMetadata().header("X-Reason").get()) + "]");
        }
        try {
            plain.getPetsPetId(new GetPetsPetIdRequest().petId("500"));
        } catch (SimpleCalcException error) {
            seen.put("error500", "[" + error.sdkHttpMetadata().httpStatusCode() + ","
                + string(content(error.sdkHttpMetadata().responseContent())) + "]");
        }
        try {
            plain.getPetsPetId(new GetPetsPetIdRequest().petId(".."));
        } catch (SdkClientException error) {
            seen.put("dots", string(error.getMessage()));
        }
        SdkRequestConfig hasty = SdkRequestConfig.builder().totalExecutionTimeout(50).build();
        try {
            plain.getSlow(new GetSlowRequest().sdkRequestConfig(hasty));
        } catch (ClientExecutionTimeoutException error) {
            seen.put("timeout", "true");
        }
        try {
            plain.getSlow(new GetSlowRequest().sdkRequestConfig(SdkRequestConfig.builder().httpRequestTimeout(50).build()));
        } catch (SdkClientException error) {
            check(error.getMessage().contains("50 milliseconds"), error);
        }
        try {
            SimpleCalc.builder().endpoint("http://127.0.0.1:1/x").retryPolicy(RetryPolicyBuilder.standard().maxNumberOfRetries(1).fixedBackoff(1).build()).build().getApiRoot(new GetApiRootRequest());
        } catch (SdkClientException error) {
            seen.put("unreachable", "true");
        }
        StringBuilder json = new StringBuilder("{");
        seen.forEach((name, value) -> json.append(json.length() > 1 ? "," : "").append(string(name)).append(":").append(value));
        System.out.write(json.append("}").toString().getBytes(StandardCharsets.UTF_8), 0, json.toString().getBytes(StandardCharsets.UTF_8).length);
        System.out.flush();
        plain.shutdown();
        try {
            plain.getSlow(new GetSlowRequest());
            check(false, "it is shut down");
        } catch (IllegalStateException expected) {
            // As it should be.
        }
    }
}
