package hotel.engine.models;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.joda.time.DateTime;
import org.operaton.bpm.dmn.engine.DmnDecisionResult;
import org.operaton.bpm.dmn.engine.DmnDecisionResultEntries;
import org.operaton.bpm.dmn.engine.DmnDecisionRuleResult;
import org.operaton.bpm.dmn.engine.DmnDecisionTableResult;
import org.operaton.bpm.engine.delegate.DelegateExecution;
import org.operaton.bpm.engine.delegate.DelegateTask;
import org.operaton.bpm.engine.externaltask.ExternalTask;

/** The methods that expressions may call, by the type of the value that they are called on. */
final class Members {

    private static final String VARIABLES = "getVariable getVariableLocal getVariableNames getVariableNamesLocal "
            + "getVariables getVariablesLocal hasVariable hasVariableLocal hasVariables hasVariablesLocal "
            + "removeVariable removeVariableLocal setVariable setVariableLocal";
    private static final Map<Class<?>, Set<String>> NAMES = new LinkedHashMap<>();

    static {
        allow(DelegateExecution.class, VARIABLES + " getActivityInstanceId getBusinessKey getCurrentActivityId "
                + "getCurrentActivityName getCurrentTransitionId getEventName getId getParentActivityInstanceId "
                + "getParentId getProcessBusinessKey getProcessDefinitionId getProcessInstance getProcessInstanceId "
                + "getSuperExecution getTenantId isCanceled setProcessBusinessKey");
        allow(DelegateTask.class, VARIABLES + " addCandidateGroup addCandidateGroups addCandidateUser "
                + "addCandidateUsers deleteCandidateGroup deleteCandidateUser getAssignee getCreateTime "
                + "getDeleteReason getDescription getDueDate getEventName getExecution getExecutionId "
                + "getFollowUpDate getId getName getOwner getPriority getProcessDefinitionId getProcessInstanceId "
                + "getTaskDefinitionKey getTenantId setAssignee setDescription setDueDate setFollowUpDate setName "
                + "setOwner setPriority");
        allow(ExternalTask.class, "getActivityId getActivityInstanceId getBusinessKey getErrorMessage getExecutionId "
                + "getExtensionProperties getId getPriority getProcessDefinitionId getProcessDefinitionKey "
                + "getProcessInstanceId getRetries getTenantId getTopicName getWorkerId");
        allow(DmnDecisionResult.class, "collectEntries getFirstResult getResultList getSingleEntry getSingleResult");
        allow(DmnDecisionResultEntries.class, "getEntryMap getFirstEntry getSingleEntry");
        allow(DmnDecisionTableResult.class,
                "collectEntries getFirstResult getResultList getSingleEntry getSingleResult");
        allow(DmnDecisionRuleResult.class, "getEntryMap getFirstEntry getSingleEntry");
        allow(Map.class, "containsKey containsValue equals get getOrDefault isEmpty keySet size toString values");
        allow(List.class, "get indexOf lastIndexOf subList");
        allow(Collection.class, "contains containsAll equals isEmpty size toString");
        allow(String.class, "charAt compareTo compareToIgnoreCase concat contains endsWith equals equalsIgnoreCase "
                + "indexOf isBlank isEmpty lastIndexOf length matches replace split startsWith strip substring "
                + "toLowerCase toString toUpperCase trim");
        allow(Number.class, "doubleValue equals floatValue intValue longValue toString");
        allow(Boolean.class, "booleanValue compareTo equals toString");
        allow(Date.class, "after before compareTo equals getTime toString");
        allow(DateTime.class, "equals getDayOfMonth getDayOfWeek getDayOfYear getHourOfDay getMillis getMinuteOfHour "
                + "getMonthOfYear getSecondOfMinute getYear isAfter isAfterNow isBefore isBeforeNow isEqual minusDays "
                + "minusHours minusMinutes minusMonths minusSeconds minusWeeks minusYears plusDays plusHours "
                + "plusMinutes plusMonths plusSeconds plusWeeks plusYears toDate toString withDayOfMonth "
                + "withDayOfWeek withHourOfDay withMinuteOfHour withMonthOfYear withSecondOfMinute withTime "
                + "withTimeAtStartOfDay withYear");
    }

    private Members() {}

    private static void allow(Class<?> type, String names) {
        NAMES.put(type, Set.of(names.split(" ")));
    }

    /** The types, of those that the table knows, which such a value has. */
    private static Stream<Class<?>> typesOf(Class<?> valueType) {
        return NAMES.keySet().stream().filter(type -> type.isAssignableFrom(valueType));
    }

    static boolean isKnown(Class<?> type) {
        return typesOf(type).findAny().isPresent();
    }

    /** Returns the methods of this name that may be called on such a value; they are those of a public type. */
    static List<Method> methods(Class<?> valueType, String name) {
        return typesOf(valueType).filter(type -> NAMES.get(type).contains(name))
                .flatMap(type -> Arrays.stream(type.getMethods()))
                .filter(method -> method.getName().equals(name))
                .toList();
    }

    /** Returns what reads this property, if it may be read. */
    static List<Method> getters(Class<?> valueType, String property) {
        if (property.isEmpty()) {
            return List.of();
        }
        var tail = Character.toUpperCase(property.charAt(0)) + property.substring(1);
        return Stream.of("get" + tail, "is" + tail).flatMap(name -> methods(valueType, name).stream())
                .filter(method -> method.getParameterCount() == 0)
                .toList();
    }

    /** Whether there is any type on which a method of this name may be called. */
    static boolean isNameOfMethod(String name) {
        return NAMES.values().stream().anyMatch(names -> names.contains(name));
    }
}
